// The chat itself: speaks routerd.chat.v1 and shows it. Whatever people write is put into text nodes, never into markup.

const parameters = new URLSearchParams(location.search);
const site = parameters.get('site') || '';
const hostOrigin = parameters.get('host') || '';
const embedded = window.parent !== window && hostOrigin !== '';

const $ = (id) => document.getElementById(id);
const newId = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
};

// ------------------------------------------------------------------------------------------- what outlives this page

// Kept for each site and customer: the resume token, and what routerd has not confirmed. Where the browser gives no
// storage, memory does, until a reload.
const memory = new Map();
let slot = '';
function load() {
  let text = memory.get(slot);
  try { text = localStorage.getItem(slot) ?? text; } catch { /* memory it is */ }
  try { return { unsent: [], ...JSON.parse(text || '{}') }; } catch { return { unsent: [] }; }
}
function keep(change) {
  const kept = load();
  change(kept);
  const text = JSON.stringify(kept);
  memory.set(slot, text);
  try { localStorage.setItem(slot, text); } catch { /* full or forbidden */ }
}

// ---------------------------------------------------------------------------------------------------------- the state

let host = { identity: null, name: '', page: { url: location.href, title: document.title }, lang: navigator.language, attributes: {} };
let panelOpen = true;
let config = { title: 'Chat', greeting: '', topics: [], online: true, text_characters_max: 4000 };
let state = 'none';
let conversation = '';
let lastSeq = 0;
let firstSeq = 0;
let deliveredSeq = 0;      // Own messages up to here reached the agent's side,
let seenSeq = 0;           // and were read.
let agent = '';
let online = true;
let greeted = false;       // Welcome came on this socket.
let refused = '';          // Why no socket is tried any more.
let formAgain = false;     // The customer wants a new chat after the last one ended.
const bubbles = new Map(); // Own messages by cid.

// --------------------------------------------------------------------------------------------------------- the socket

let socket = null;
let retryMs = 500;
let retryTimer = 0;
let pingTimer = 0;
let pongTimer = 0;
let lostTimer = 0;

function connect() {
  clearTimeout(retryTimer);
  if (socket || refused) return;
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const opened = new WebSocket(`${scheme}//${location.host}/chat/v1`, 'routerd.chat.v1');
  socket = opened;
  opened.onopen = () => { if (socket === opened) hello(); };
  opened.onmessage = (message) => { if (socket === opened) receive(JSON.parse(message.data)); };
  opened.onclose = (event) => { if (socket === opened) lost(event.code); };
}

function lost(code) {
  socket = null;
  greeted = false;
  clearInterval(pingTimer);
  clearTimeout(pongTimer);
  if (code === 1008 || code === 4003) refused = refused || 'This chat can’t be opened here.';
  if (code === 4001) refused = 'This chat is open in too many tabs. Reload to use it here.';
  if (!refused) {
    retryTimer = setTimeout(connect, 100 + Math.random() * retryMs);
    retryMs = Math.min(retryMs * 2, 10000);
  }
  clearTimeout(lostTimer);
  lostTimer = setTimeout(showBanner, refused ? 0 : 800);
}

function reconnectNow() {
  if (socket) return;
  retryMs = 500;
  connect();
}

function send(frame) {
  if (!socket || socket.readyState !== WebSocket.OPEN || (!greeted && frame.t !== 'hello')) return false;
  socket.send(JSON.stringify(frame));
  return true;
}

function hello() {
  const kept = load();
  const frame = { t: 'hello', site, lang: host.lang, page: host.page, app: { name: 'routerd-widget', version: '1' } };
  if (kept.resume) Object.assign(frame, { resume: kept.resume, conversation, after: lastSeq });
  if (host.identity) frame.identity = host.identity;
  send(frame);
}

function keepAlive() {
  clearInterval(pingTimer);
  pingTimer = setInterval(() => {
    if (!send({ t: 'ping', n: Date.now() })) return;
    clearTimeout(pongTimer);
    pongTimer = setTimeout(() => { const dead = socket; lost(1006); dead?.close(); }, 10000);
  }, 20000);
}

function receive(frame) {
  switch (frame.t) {
    case 'welcome': return welcome(frame);
    case 'event': return live(frame);
    case 'receipt': return receipt(frame);
    case 'queue': return queue(frame);
    case 'typing': return typing(frame.on, frame.from?.name);
    case 'status': return setOnline(frame.online);
    case 'history': return history(frame);
    case 'error': return refusal(frame);
    case 'pong': return clearTimeout(pongTimer);
    case 'bye': retryMs = frame.retry_after_ms || 500; return undefined;
    default: return undefined;
  }
}

function welcome(frame) {
  greeted = true;
  retryMs = 500;
  config = frame.config;
  if (frame.resume) keep((kept) => { kept.resume = frame.resume; });
  if ((frame.conversation || '') !== conversation || frame.truncated) clearTranscript();
  toEnd();
  conversation = frame.conversation || '';
  if (frame.truncated) lastSeq = 0;
  state = frame.state;
  agent = frame.agent || '';
  setOnline(frame.online);
  for (const waiting of load().unsent) pendingBubble(waiting.cid, waiting.text);
  sendUnsent();
  deliveredSeq = frame.delivered;
  seenSeq = frame.seen;
  showMarks();
  clearTimeout(lostTimer);
  keepAlive();
  render();
}

// ---------------------------------------------------------------------------------------------------- what is unsent

function sendUnsent() {
  const { start, unsent } = load();
  if (start && (state === 'none' || state === 'ended' || state === 'starting')) {
    send({ t: 'start', ...start });
    if (state !== 'starting') { state = 'starting'; }
  } else if (start) {
    keep((kept) => { delete kept.start; });
  }
  if (state === 'none' || state === 'ended') {
    for (const { cid } of unsent) setStatus(bubbles.get(cid), 'failed');
    keep((kept) => { kept.unsent = []; });
    return;
  }
  for (const { cid, text } of unsent) send({ t: 'msg', cid, text });
}

let resendTimer = 0;
function sendUnsentLater(delay) {
  clearTimeout(resendTimer);
  resendTimer = setTimeout(sendUnsent, Math.max(delay || 0, 1000));
}

function confirmed(cid) {
  keep((kept) => {
    if (kept.start?.cid === cid) delete kept.start;
    kept.unsent = kept.unsent.filter((waiting) => waiting.cid !== cid);
  });
}

function refusal({ code, text, cid, about, retry_after_ms: retryAfter }) {
  if (code === 'unauthorized' && about === 'resume') {
    keep((kept) => { delete kept.resume; });
    clearTranscript();
    conversation = '';
    return hello();
  }
  if (code === 'unauthorized' || code === 'not_found' && !cid) {
    refused = about === 'identity' ? 'We could not confirm who you are. Please sign in again.' : 'This chat can’t be opened here.';
    return showBanner();
  }
  const { start, unsent } = load();
  if (cid && start?.cid === cid) {
    if (code === 'slow_down') return sendUnsentLater(retryAfter);
    if (code === 'conflict') { confirmed(cid); return socket.close(); }  // Another tab was first: take its up.
    keep((kept) => { delete kept.start; kept.unsent = []; });
    clearTranscript();
    state = 'none';
    render();
    return showFormError(text);
  }
  if (cid && unsent.some((waiting) => waiting.cid === cid)) {
    if (code === 'slow_down' || code === 'unavailable') return sendUnsentLater(retryAfter);
    confirmed(cid);
    setStatus(bubbles.get(cid), 'failed');
  }
  return undefined;
}

// -------------------------------------------------------------------------------------------------------- what comes

function live(event) {
  if (event.seq <= lastSeq && !(event.seq === 1 && lastSeq > 0 && event.cid && !bubbles.has(event.cid))) {
    if (bubbles.has(event.cid)) place(event);
    return;
  }
  if (event.seq === 1 && lastSeq > 0) clearTranscript(true);  // A new conversation, begun in another tab.
  if (lastSeq > 0 && event.seq > lastSeq + 1) { socket.close(); return; }  // A gap: resume fills it.
  if (lastSeq === 0) firstSeq = event.seq;
  lastSeq = event.seq;
  place(event);
  follow(event);
  acknowledge();
  render();
}

// What an event says about where the conversation stands.
function follow(event) {
  switch (event.kind) {
    case 'waiting': state = 'waiting'; formAgain = false; break;
    case 'transferred': case 'left': state = 'waiting'; agent = ''; queue({}); break;
    case 'joined': state = 'active'; agent = event.from.name || ''; break;
    case 'ended': state = 'ended'; agent = ''; break;
    default: break;
  }
  if (event.kind !== 'msg' || event.from.kind !== 'customer') typing(false);
  if (event.from.kind !== 'customer' && (!panelOpen || document.hidden)) tellHost('unread', {});
}

let acknowledgeTimer = 0;
function acknowledge() {
  clearTimeout(acknowledgeTimer);
  acknowledgeTimer = setTimeout(() => {
    if (lastSeq === 0) return;
    send({ t: panelOpen && !document.hidden ? 'seen' : 'ack', seq: lastSeq });
  }, 150);
}

function receipt({ cid, seq, status, conversation: begun }) {
  if (status === 'stored') {
    if (begun) conversation = begun;
    confirmed(cid);
    const item = bubbles.get(cid);
    if (item && item.dataset.status === 'pending') setStatus(item, 'stored');
    if (item && seq) item.dataset.seq = seq;
  } else {
    if (status === 'seen') seenSeq = Math.max(seenSeq, seq); else deliveredSeq = Math.max(deliveredSeq, seq);
    showMarks();
  }
}

function queue({ position, wait_s: wait }) {
  $('place').textContent = position ? String(position) : '…';
  $('wait').textContent = wait === undefined ? (position ? 'not known yet' : '…') : waitText(wait);
}

function waitText(seconds) {
  if (seconds < 60) return 'under a minute';
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `about ${minutes} min`;
  return `about ${Math.round(minutes / 60)} h`;
}

let typingTimer = 0;
function typing(on, name) {
  clearTimeout(typingTimer);
  $('typing').hidden = !on;
  $('typing').textContent = on ? `${name || agent || 'Someone'} is typing…` : '';
  if (on) typingTimer = setTimeout(() => typing(false), 15000);
}

function setOnline(value) {
  online = value !== false;
  if (!online) return setTimeout(showBanner, 1500);
  return showBanner();
}

// ----------------------------------------------------------------------------------------------------- the transcript

const kMarks = {
  pending: ['🕓', 'not sent yet'], stored: ['✓', 'sent'], delivered: ['✓✓', 'delivered'], seen: ['✓✓', 'seen'],
  failed: ['!', 'not sent'],
};
const kOrder = ['pending', 'stored', 'delivered', 'seen'];

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function setStatus(bubble, status) {
  if (!bubble || kOrder.indexOf(bubble.dataset.status) > kOrder.indexOf(status) && status !== 'failed') return;
  bubble.dataset.status = status;
  const mark = bubble.querySelector('.mark');
  [mark.textContent] = kMarks[status];
  mark.setAttribute('aria-label', kMarks[status][1]);
  mark.title = kMarks[status][1];
}

function showMark(item) {
  const seq = Number(item.dataset.seq);
  if (seq <= seenSeq) setStatus(item, 'seen'); else if (seq <= deliveredSeq) setStatus(item, 'delivered');
}
function showMarks() {
  for (const item of bubbles.values()) showMark(item);
}

function bubble(mine, name, text, at) {
  const item = element('li', mine ? 'msg mine' : 'msg');
  if (name) item.append(element('span', 'who', name));
  item.append(element('span', 'text', text));
  const meta = element('span', 'meta');
  meta.append(element('time', '', new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })));
  if (mine) meta.append(' ', Object.assign(element('span', 'mark'), { role: 'img' }));
  item.append(meta);
  return item;
}

function pendingBubble(cid, text) {
  if (bubbles.has(cid)) return;
  const item = bubble(true, '', text, Date.now());
  bubbles.set(cid, item);
  setStatus(item, 'pending');
  append(item);
}

function noteText({ kind, from, reason }) {
  const name = from?.name;
  switch (kind) {
    case 'waiting': return 'Thank you. You are in line; we will be with you soon.';
    case 'joined': return name ? `${name} joined the chat.` : 'An agent joined the chat.';
    case 'transferred': return `${name || 'Your agent'} is passing you on to a colleague, who can read what was said.`;
    case 'left': return `${name || 'Your agent'} had to leave. We are finding someone else; you keep your place.`;
    case 'ended': return {
      customer_closed: 'You ended the chat.',
      customer_left: 'The chat ended because you were away.',
      expired: 'Nobody could take your chat in time. We are sorry.',
      busy: 'The line is full. Please try again later.',
      failed: 'The chat ended because of a problem on our side. We are sorry.',
    }[reason] || 'The chat has ended.';
    default: return '';
  }
}

function place(event, before) {
  let item;
  if (event.kind === 'msg') {
    const mine = event.from.kind === 'customer';
    item = mine ? bubbles.get(event.cid) : null;
    const shown = item?.dataset.seq !== undefined;
    item ||= bubble(mine, mine ? '' : event.from.name, event.text || '', event.at);
    item.dataset.seq = event.seq;
    if (mine) {
      bubbles.set(event.cid, item);
      setStatus(item, 'stored');
      showMark(item);
      confirmed(event.cid);
    }
    if (!shown) append(item, before);
  } else {
    const text = noteText(event);
    if (!text) return;
    item = element('li', 'note', text);
    item.dataset.kind = event.kind;
    append(item, before);
  }
  item.dataset.seq = event.seq;
}

// What is not sent yet stands last: whatever comes goes before it.
function append(item, before) {
  const waiting = item.dataset.status === 'pending' ? null : $('transcript').querySelector('[data-status=pending]');
  $('transcript').insertBefore(item, before || waiting);
  if (!before && (stick || item.classList.contains('mine'))) toEnd();
}

let stick = true;  // The reader is at the end and wants to stay there.
function toEnd() {
  stick = true;
  requestAnimationFrame(() => { $('scroll').scrollTop = $('scroll').scrollHeight; });
}
$('scroll').addEventListener('scroll', () => {
  const scroll = $('scroll');
  stick = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;
});
new ResizeObserver(() => { if (stick) toEnd(); }).observe($('scroll'));

function history({ events, more }) {
  const before = $('transcript').firstChild;
  for (const event of events) if (event.seq < firstSeq) place(event, before);
  if (events.length) firstSeq = Math.min(firstSeq, events[0].seq);
  $('older').hidden = !more;
}

// `keepPending`: of messages that are on their way into the conversation that follows.
function clearTranscript(keepPending) {
  $('transcript').replaceChildren();
  bubbles.clear();
  lastSeq = 0;
  firstSeq = 0;
  deliveredSeq = 0;
  seenSeq = 0;
  queue({});
  if (keepPending) for (const waiting of load().unsent) pendingBubble(waiting.cid, waiting.text);
}

// ------------------------------------------------------------------------------------------------------------ showing

function render() {
  document.title = config.title;
  $('title').textContent = config.title;
  const inForm = formAgain || (state === 'none' && !load().start);
  const ended = state === 'ended' && !load().start;
  $('form').hidden = !inForm || !greetedOnce();
  $('room').hidden = inForm;
  if (inForm) renderForm();
  $('queue').hidden = !(state === 'waiting' || state === 'starting');
  $('composer').hidden = ended;
  $('over').hidden = !ended;
  $('end-chat').hidden = inForm || ended;
  $('older').hidden = firstSeq <= 1;
  $('input').maxLength = config.text_characters_max;
  $('form-text').maxLength = config.text_characters_max;
  $('subtitle').textContent = {
    none: '', starting: 'Getting you in line…', waiting: 'You are in line', active: agent ? `You are talking to ${agent}` : 'Connected',
    dormant: agent ? `You are talking to ${agent}` : '', ended: 'The chat has ended',
  }[inForm ? 'none' : state] || '';
  tellHost('state', { state });
}

const greetedOnce = () => config.topics.length > 0;

function renderForm() {
  $('greeting').textContent = config.greeting || '';
  const select = $('form-topic');
  if (select.options.length !== config.topics.length) {
    select.replaceChildren(...config.topics.map((topic) => new Option(topic, topic)));
  }
  if (!$('form-name').value && host.name) $('form-name').value = host.name;
}

function showFormError(text) {
  $('form-error').textContent = text || '';
  $('form-error').hidden = !text;
}

function showBanner() {
  let text = '';
  if (refused) text = refused;
  else if (!greeted) text = 'Connection lost. Reconnecting… What you write is kept and sent.';
  else if (!online) text = 'One moment, our service is reconnecting. What you write is kept and sent.';
  $('banner').textContent = text;
  $('banner').hidden = !text;
}

// -------------------------------------------------------------------------------------------------- what the user does

$('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = $('form-name').value.trim();
  const text = $('form-text').value.trim();
  if (!name || !text) {
    showFormError(name ? 'Please write your question.' : 'Please tell us your name.');
    $(name ? 'form-text' : 'form-name').focus();
    return;
  }
  showFormError('');
  const start = { cid: newId(), topic: $('form-topic').value, form: { name }, text, attributes: host.attributes };
  keep((kept) => { kept.start = start; kept.unsent = []; });
  formAgain = false;
  clearTranscript();
  state = 'starting';
  pendingBubble(start.cid, text);
  send({ t: 'start', ...start });
  $('form-text').value = '';
  render();
  $('input').focus();
});

function sendMessage() {
  const text = $('input').value.trim();
  if (!text || state === 'ended') return;
  const waiting = { cid: newId(), text };
  keep((kept) => { kept.unsent.push(waiting); });
  pendingBubble(waiting.cid, text);
  send({ t: 'msg', ...waiting });
  $('input').value = '';
  fit();
  stopTyping();
}

$('composer').addEventListener('submit', (event) => { event.preventDefault(); sendMessage(); });
$('input').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  sendMessage();
});

function fit() {
  const input = $('input');
  input.style.height = 'auto';
  input.style.height = `${input.scrollHeight + 2}px`;
}

let typedAt = 0;
let idleTimer = 0;
function stopTyping() {
  clearTimeout(idleTimer);
  if (typedAt) send({ t: 'typing', on: false });
  typedAt = 0;
}
$('input').addEventListener('input', () => {
  fit();
  if (state !== 'active') return;
  if (Date.now() - typedAt > 2500) {
    typedAt = Date.now();
    send({ t: 'typing', on: true });
  }
  clearTimeout(idleTimer);
  idleTimer = setTimeout(stopTyping, 4000);
});

$('end-chat').addEventListener('click', () => {
  if ($('end-chat').dataset.sure) {
    delete $('end-chat').dataset.sure;
    $('end-chat').textContent = 'End chat';
    send({ t: 'end', reason: 'customer_closed' });
    return;
  }
  $('end-chat').dataset.sure = 'yes';
  $('end-chat').textContent = 'Really end it?';
  setTimeout(() => { delete $('end-chat').dataset.sure; $('end-chat').textContent = 'End chat'; }, 4000);
});
$('again').addEventListener('click', () => { formAgain = true; render(); $('form-text').focus(); });
$('older').addEventListener('click', () => send({ t: 'history', before: firstSeq, limit: 100 }));
$('close-panel').addEventListener('click', () => tellHost('close', {}));
document.addEventListener('keydown', (event) => { if (event.key === 'Escape' && embedded) tellHost('close', {}); });
document.addEventListener('visibilitychange', () => { if (!document.hidden) { reconnectNow(); acknowledge(); } });
window.addEventListener('online', reconnectNow);

// --------------------------------------------------------------------------------------------- the page that embeds us

function tellHost(type, fields) {
  if (embedded) window.parent.postMessage({ routerdChat: 1, t: type, ...fields }, hostOrigin);
}

function begin() {
  slot = `routerd.chat.${site}.${host.identity ? host.identity.id : ''}`;
  config.topics = [];
  $('form-name').value = '';
  $('form-text').value = '';
  const { start, unsent } = load();
  if (start) {
    state = 'starting';
    if (start.text) pendingBubble(start.cid, start.text);
  }
  for (const waiting of unsent) pendingBubble(waiting.cid, waiting.text);
  connect();
  lostTimer = setTimeout(showBanner, 1500);
  render();
}

// Somebody else sits there now: nothing of the one before may stay.
function restart() {
  const former = socket;
  socket = null;
  former?.close(1000);
  clearTimeout(retryTimer);
  greeted = false;
  refused = '';
  formAgain = false;
  state = 'none';
  conversation = '';
  agent = '';
  clearTranscript();
  begin();
}

if (embedded) {
  let begun = false;
  window.addEventListener('message', (event) => {
    if (event.origin !== hostOrigin || event.source !== window.parent || event.data?.routerdChat !== 1) return;
    if (event.data.t === 'init') {
      host = { ...host, ...event.data.host };
      if (begun) restart(); else begin();
      begun = true;
    } else if (event.data.t === 'shown') {
      panelOpen = event.data.on === true;
      if (panelOpen) { reconnectNow(); acknowledge(); ($('form').hidden ? $('input') : $('form-name')).focus(); }
    } else if (event.data.t === 'attributes') {
      host.attributes = event.data.attributes || {};
    }
  });
  panelOpen = false;
  $('close-panel').hidden = false;
  tellHost('ready', {});
} else {
  begin();
}
