// The desk page: draws what the agent holds, and turns clicks and keys into requests.
import {avatar, byId, h, icon, rebuild, reconcile, setText, vipBadge} from './dom.js';
import {DeskSession} from './desk_session.js';
import {DeskState, isOwnSide} from './desk_state.js';
import {channelOf, clockOf, idOf, instantOf, millisecondsOf, momentOf, parseSkills, sentenceOf, skillsOf, spanOf, wordOf} from './format.js';

const AWAY_REASONS = ['break', 'lunch', 'meeting', 'training', 'paperwork'];
const DECLINE_REASONS = ['Busy with another contact', 'Not my field', 'Know the customer privately', 'Technical problem'];
const TYPING_AGAIN_MS = 3_000;
const TYPING_OVER_MS = 4_000;

let desk = new DeskState();
let session = null;
let selected = null;  // Name of the conversation shown.
let openOffer = null;  // Name of the offer shown in full.
const drafts = new Map();  // Text in the composer, by conversation.
const busy = new Set();  // Names of offers and contacts with an answer on its way.

// ---------------------------------------------------------------------------------------------- signing in

const STORED = 'routerd.desk';

async function start() {
  for (const button of document.querySelectorAll('dialog [data-close]')) {
    button.addEventListener('click', () => button.closest('dialog').close());
  }
  byId('sign-in-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const fields = new FormData(event.target);
    signIn({agent: fields.get('agent').trim(), token: fields.get('token') ?? '', workspace: fields.get('workspace') ?? ''});
  });
  const stored = sessionStorage.getItem(STORED);
  if (stored) signIn(JSON.parse(stored));
  else byId('sign-in-agent').focus();
  byId('sign-in-agent').value ||= new URLSearchParams(location.search).get('agent') ?? '';
  try {
    const info = await (await fetch('/v1/info')).json();
    byId('sign-in-token-row').hidden = !info.tokenRequired;
    byId('sign-in-token').required = info.tokenRequired;
    byId('sign-in-workspace').replaceChildren(...info.workspaces.map((id) => h('option', {value: id}, id)));
    byId('sign-in-workspace-row').hidden = info.workspaces.length < 2;
  } catch {
    // The page works without; a missing token is then named by the refusal.
  }
}

function signIn(who) {
  byId('sign-in-problem').hidden = true;
  byId('sign-in-go').disabled = true;
  desk = new DeskState();
  selected = openOffer = null;
  session = new DeskSession(who, desk, {
    state: (state) => showState(state),
    refused: (why) => {
      sessionStorage.removeItem(STORED);
      showSignIn(why.message);
      if (why.reason.startsWith('TOKEN')) byId('sign-in-token-row').hidden = false;
    },
    event: (response) => take(response, who),
    outbox: () => {
      keepOutbox();
      render();
    },
  });
}

function showSignIn(problem = '') {
  byId('desk').hidden = true;
  byId('banner').hidden = true;
  byId('sign-in').hidden = false;
  byId('sign-in-go').disabled = false;
  byId('sign-in-problem').hidden = !problem;
  setText(byId('sign-in-problem'), problem);
  document.title = 'Desk · routerd';
  byId('sign-in-agent').focus();
}

let everOpen = false;
function showState(state) {
  if (state === 'open') {
    everOpen = true;
    byId('banner').hidden = true;
  } else if (state === 'connecting') {
    byId('banner').hidden = false;
    setText(byId('banner'), everOpen
      ? 'Connection lost. What you write is kept and sent once it is back.'
      : 'Connecting…');
  }
  document.body.classList.toggle('offline', state !== 'open');
}

async function signOut(force = false) {
  try {
    await session.request({signOut: {force}});
  } catch (problem) {
    if (problem.reason === 'AGENT_BUSY') return byId('leave').showModal();
    return toast(problem.message, true);
  }
  sessionStorage.removeItem(STORED);
  session.close();
  everOpen = false;
  showSignIn();
}

// ---------------------------------------------------------------------------------------------- what arrives

function take(response, who) {
  const news = desk.apply(response);
  if (response.picture) {
    sessionStorage.setItem(STORED, JSON.stringify(who));
    byId('sign-in').hidden = true;
    byId('desk').hidden = false;
    restoreOutbox();
    busy.clear();
  }
  for (const one of news) tell(one);
  if (response.message) acknowledge(desk.conversations.get(response.message.contact));
  if (response.picture) for (const conversation of desk.conversations.values()) acknowledge(conversation);
  render();
}

function tell({kind, offer, conversation, state, reason, text}) {
  switch (kind) {
    case 'offered':
      announce(`Offer: ${nameOf(offer.contact)}, ${channelOf(offer.contact.channel)}`);
      break;
    case 'offer-closed':
      busy.delete(offer.name);
      if (state === 'STATE_LAPSED') toast(`${nameOf(offer.contact)} is no longer offered to you: not answered in time.`);
      if (state === 'STATE_REVOKED') toast(`${nameOf(offer.contact)} was taken back${reason ? `: ${wordOf(reason)}` : ''}.`);
      break;
    case 'begun':
      selected = conversation.name;
      focusComposer();
      break;
    case 'wrap-up':
      toast(`${conversation.customerName}: the conversation is over.`);
      if (conversation.name === selected) byId('wrap-up-done').focus();
      break;
    case 'step':  // How passing it on goes.
      toast(`${conversation.customerName}: ${text}.`);
      break;
    case 'released':
      busy.delete(conversation.name);
      drafts.delete(conversation.name);
      if (reason === 'requeued') toast(`${conversation.customerName} went back to the line.`);
      if (selected === conversation.name) {
        selected = desk.conversations.keys().next().value ?? null;
        for (const id of ['transfer', 'complete']) byId(id).close();
      }
      break;
    case 'message':
      if (!isShown(conversation)) announce(`${conversation.customerName} wrote`);
      break;
  }
}

// Tells the customer's side how far its messages have got here.
const reported = new Map();
function acknowledge(conversation) {
  if (!conversation || conversation.wrapsUp) return;
  const sequence = conversation.lastCustomerSequence;
  const shown = isShown(conversation);
  if (shown) conversation.unread = 0;
  const mark = `${sequence} ${shown}`;
  if (!sequence || reported.get(conversation.name) === mark) return;
  reported.set(conversation.name, mark);
  const delivery = shown ? 'DELIVERY_SEEN' : 'DELIVERY_DELIVERED';
  session.tell({delivery: {contact: conversation.name, sequence: String(sequence), delivery}});
}

const isShown = (conversation) =>
  conversation.name === selected && document.visibilityState === 'visible' && document.hasFocus();

// Unsent messages outlive a reload of the page.
function keepOutbox() {
  const unsent = [...desk.conversations.values()].filter((one) => one.outbox.length)
    .map((one) => [one.name, one.outbox.map(({sourceId, text}) => ({sourceId, text}))]);
  sessionStorage.setItem(`${STORED}.outbox`, JSON.stringify(unsent));
}

function restoreOutbox() {
  for (const [name, unsent] of JSON.parse(sessionStorage.getItem(`${STORED}.outbox`) ?? '[]')) {
    const conversation = desk.conversations.get(name);
    if (!conversation || conversation.outbox.length) continue;
    const stored = new Set(conversation.messages.map((message) => message.sourceId));
    conversation.outbox = unsent.filter(({sourceId}) => !stored.has(sourceId))
      .map((entry) => ({...entry, state: 'waiting', problem: ''}));
  }
  keepOutbox();
}

// ---------------------------------------------------------------------------------------------- drawing

let drawing = false;
function render() {
  if (drawing) return;
  drawing = true;
  queueMicrotask(() => {
    drawing = false;
    if (!desk.agent) return;
    renderBar();
    renderOffers();
    renderList();
    renderConversation();
    renderContext();
    renderTitle();
    tick();
  });
}

function renderBar() {
  const {agent} = desk;
  const name = agent.displayName || idOf(agent.name);
  rebuild(byId('me-avatar'), name, () => avatar(name, agent.name));
  setText(byId('me-name'), name);
  byId('me-name').title = skillsOf(agent.skills);
  const count = desk.conversations.size + desk.offers.size;
  setText(byId('load'), count ? `${count} in hand` : 'Free');

  // What is chosen while contacts are held comes true once none is; until then the choice shows, with that said.
  const pending = Boolean(agent.pendingPresence) && agent.pendingPresence !== 'PRESENCE_UNSPECIFIED';
  const away = (pending ? agent.pendingPresence : agent.presence) === 'PRESENCE_AWAY';
  const why = pending ? agent.pendingPresenceReason : agent.presenceReason;
  const later = pending ? ' once nothing is held' : '';
  const reasons = [...AWAY_REASONS];
  if (away && why && !reasons.includes(why)) reasons.push(why);
  const label = (text, chosen) => (chosen ? text + later : text);
  rebuild(byId('presence'), [reasons, pending, away, why], () => [
    h('option', {value: 'available', selected: !away}, label('Available', !away)),
    h('option', {value: 'away', selected: away && !why}, label('Away', away && !why)),
    reasons.map((reason) => h('option', {value: `away:${reason}`, selected: away && why === reason},
      label(`Away · ${reason}`, away && why === reason))),
  ]);
  byId('presence-box').dataset.presence = away ? 'away' : 'available';
}

// --- Offers

function renderOffers() {
  const offers = [...desk.offers.values()].sort((a, b) => instantOf(a.expireTime) - instantOf(b.expireTime));
  if (!desk.offers.has(openOffer)) openOffer = offers[0]?.name ?? null;
  reconcile(byId('offers'), offers, (offer) => offer.name, makeOffer, (card, offer) => {
    card.classList.toggle('open', offer.name === openOffer);
    card.classList.toggle('busy', busy.has(offer.name));
    for (const button of card.querySelectorAll('.offer-actions button')) button.disabled = busy.has(offer.name);
  });
}

function makeOffer(offer) {
  const {contact} = offer;
  const {context = {}} = contact;
  const said = (context.transcript ?? []).filter((message) => message.author !== 'AUTHOR_SYSTEM').slice(-6);
  const waited = instantOf(offer.expireTime) - millisecondsOf(offer.timeout) - instantOf(contact.createTime);
  const declining = h('form', {class: 'decline', hidden: true, onsubmit: (event) => {
    event.preventDefault();
    decline(offer, new FormData(event.target).get('reason'));
  }},
  h('input', {name: 'reason', maxlength: '60', list: `decline-${idOf(offer.name)}`, placeholder: 'Why?', required: true,
    'aria-label': 'Reason for declining', testid: 'offer-decline-reason'}),
  h('datalist', {id: `decline-${idOf(offer.name)}`}, DECLINE_REASONS.map((reason) => h('option', {}, reason))),
  h('button', {class: 'danger', testid: 'offer-decline-go'}, 'Decline'));

  return h('article', {class: 'offer-card', testid: 'offer-card', 'aria-label': `Offer: ${nameOf(contact)}`},
    h('div', {class: 'offer-head', onclick: () => { openOffer = offer.name; render(); }},
      ring(offer),
      h('div', {class: 'offer-who'},
        h('div', {class: 'who-line'}, h('strong', {testid: 'offer-customer'}, nameOf(contact)),
          vipBadge(context.customer?.vip), h('span', {class: 'chip'}, channelOf(contact.channel)),
          h('span', {class: 'chip'}, idOf(contact.queue))),
        h('div', {class: 'offer-topic', testid: 'offer-topic'}, context.subject || 'No topic given'),
        h('div', {class: 'muted small'}, waited > 0 ? `Waited ${spanOf(waited)}` : 'Just arrived',
          contact.requirements?.length ? ` · needs ${skillsOf(contact.requirements)}` : '')),
      h('div', {class: 'offer-actions'},
        h('button', {class: 'primary', testid: 'offer-accept', title: 'Alt+A', onclick: (event) => {
          event.stopPropagation();
          accept(offer);
        }}, 'Accept'),
        h('button', {class: 'quiet', testid: 'offer-decline', 'aria-expanded': 'false', onclick: (event) => {
          event.stopPropagation();
          openOffer = offer.name;
          declining.hidden = !declining.hidden;
          event.currentTarget.setAttribute('aria-expanded', String(!declining.hidden));
          render();
          declining.querySelector('input').focus();
        }}, 'Decline…'))),
    declining,
    h('div', {class: 'offer-body'},
      transferNotes(context),
      said.length ? h('section', {}, h('h3', {}, 'What was said'), h('ol', {class: 'quote-list', testid: 'offer-said'},
        said.map((message) => h('li', {'data-author': authorOf(message)},
          h('span', {class: 'muted small'}, `${speakerOf(message)} `), message.text)))) : null,
      earlierContacts(context),
      attributesOf(context),
      offer.reason ? h('p', {class: 'why', testid: 'offer-why'}, h('strong', {}, 'Why you: '), sentenceOf(offer.reason)) : null));
}

function ring(offer) {
  const space = 'http://www.w3.org/2000/svg';
  const circle = (className) => {
    const node = document.createElementNS(space, 'circle');
    for (const [name, value] of Object.entries({class: className, cx: 24, cy: 24, r: 20})) node.setAttribute(name, value);
    return node;
  };
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 48 48');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(circle('ring-track'), circle('ring-left'));
  return h('div', {class: 'ring', testid: 'offer-countdown', role: 'timer', 'data-until': offer.expireTime,
    'data-total': String(millisecondsOf(offer.timeout) || 20_000)}, svg, h('span', {class: 'ring-text'}));
}

// --- The list of conversations

function renderList() {
  const conversations = [...desk.conversations.values()];
  setText(byId('contact-count'), conversations.length ? String(conversations.length) : '');
  byId('contact-list-empty').hidden = conversations.length > 0;
  if (!desk.conversations.has(selected)) selected = conversations[0]?.name ?? null;
  reconcile(byId('contact-list'), conversations, (one) => one.name, (conversation) =>
    h('li', {testid: 'contact-item'}, h('button', {class: 'contact-item', onclick: () => select(conversation.name)})),
  (item, conversation) => {
    const {contact} = conversation;
    const last = conversation.messages.findLast((message) => message.author !== 'AUTHOR_SYSTEM');
    const button = item.firstElementChild;
    button.setAttribute('aria-current', conversation.name === selected ? 'true' : 'false');
    const typing = conversation.typingUntil > Date.now();
    rebuild(button, [stateOf(conversation), conversation.unread, last?.sequence, typing,
      conversation.customerName, contact.context?.customer?.vip], () => [
      avatar(conversation.customerName, conversation.name),
      h('span', {class: 'contact-lines'},
        h('span', {class: 'who-line'}, h('strong', {}, conversation.customerName), vipBadge(contact.context?.customer?.vip)),
        h('span', {class: 'contact-last'}, stateOf(conversation) ||
          (typing ? 'typing…' : last ? `${isOwnSide(last) ? 'You: ' : ''}${last.text}` : channelOf(contact.channel)))),
      conversation.unread ? h('span', {class: 'unread', 'aria-label': `${conversation.unread} unread`}, String(conversation.unread)) : null,
    ]);
  });
}

function stateOf(conversation) {
  if (conversation.wrapsUp) return 'Wrap-up';
  if (conversation.isPassedOn) return `Waits for ${idOf(conversation.contact.reservedAgent ?? '') || 'someone'} to take it`;
  return conversation.contact.onHold ? 'On hold' : '';
}

function select(name) {
  selected = name;
  const conversation = desk.conversations.get(name);
  acknowledge(conversation);
  render();
  focusComposer();
}

// --- The conversation shown

let drawn = null;  // Whose transcript and composer are on the page.
function renderConversation() {
  const conversation = desk.conversations.get(selected);
  byId('conversation').hidden = !conversation;
  byId('idle').hidden = Boolean(conversation) || desk.offers.size > 0;
  if (!conversation) {
    const away = desk.agent.presence === 'PRESENCE_AWAY';
    byId('idle').dataset.presence = away ? 'away' : 'available';
    setText(byId('idle-title'), away ? 'You are away' : 'Ready');
    setText(byId('idle-text'), away
      ? 'No offers reach you until you are available again.'
      : 'The next contact that fits you appears here by itself.');
    drawn = null;
    return;
  }
  const {contact} = conversation;
  const customer = contact.context?.customer ?? {};
  if (drawn !== conversation.name) {
    byId('transcript').replaceChildren();
    byId('message-input').value = drafts.get(conversation.name) ?? '';
    drawn = conversation.name;
  }
  rebuild(byId('conversation-head'), [conversation.name, contact.onHold, stateOf(conversation), customer, contact.context?.subject,
    busy.has(conversation.name)], () => [
    avatar(conversation.customerName, conversation.name),
    h('div', {class: 'conversation-who'},
      h('div', {class: 'who-line'}, h('h2', {}, conversation.customerName), vipBadge(customer.vip),
        stateOf(conversation) ? h('span', {class: 'chip strong', testid: 'contact-state'}, stateOf(conversation)) : null),
      h('div', {class: 'muted small'}, `${channelOf(contact.channel)} · ${idOf(contact.queue)}`,
        contact.context?.subject ? ` · ${contact.context.subject}` : '', ' · ', h('span', {id: 'elapsed'}))),
    conversation.wrapsUp ? null : h('div', {class: 'conversation-actions'},
      h('button', {class: 'quiet', testid: 'hold', onclick: () => hold(conversation)},
        icon(contact.onHold ? 'play' : 'hold'), contact.onHold ? 'Resume' : 'Hold'),
      h('button', {class: 'quiet', testid: 'transfer-open', onclick: () => openTransfer(conversation)},
        icon('pass-on'), 'Pass on…'),
      h('button', {class: 'quiet accent', testid: 'complete-open', onclick: () => openComplete(conversation)},
        icon('done'), 'Complete…')),
  ]);
  const note = contact.context?.transfers?.at(-1);
  byId('summary-note').hidden = !note?.summary;
  if (note?.summary) {
    rebuild(byId('summary-note'), note, () => [
      h('strong', {}, `${idOf(note.fromAgent)} passed this on: ${note.reason || 'no reason given'}`),
      h('p', {testid: 'transfer-note'}, note.summary)]);
  }
  renderTranscript(conversation);
  byId('composer').hidden = conversation.wrapsUp;
  byId('wrap-up').hidden = !conversation.wrapsUp;
}

function renderTranscript(conversation) {
  const list = byId('transcript');
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const before = list.childElementCount;
  const unsent = conversation.outbox.map((entry) => ({...entry, entry, author: 'AUTHOR_AGENT', unsent: true}));
  reconcile(list, [...conversation.messages, ...unsent],
    // Under its source id, a message of ours keeps its place on the page when it turns out to be stored.
    (message) => (isOwnSide(message) && message.sourceId ? `s${message.sourceId}` : `n${message.sequence}`),
    (message) => h('li', {class: 'message', testid: 'message', 'data-author': authorOf(message)}),
    (item, message) => {
      const delivery = message.unsent ? message.state : wordOf(message.delivery, 'DELIVERY_') || 'stored';
      item.dataset.delivery = delivery;
      rebuild(item, [message.text, delivery, message.problem, message.createTime], () => bubble(conversation, message, delivery));
    });
  if (atEnd || list.childElementCount !== before && conversation.outbox.length) list.scrollTop = list.scrollHeight;
}

function bubble(conversation, message, delivery) {
  if (message.author === 'AUTHOR_SYSTEM') return h('span', {class: 'note'}, message.text);
  const own = isOwnSide(message);
  return [
    h('div', {class: 'bubble', testid: 'message-text'}, message.text),
    h('div', {class: 'message-foot'},
      h('span', {}, own && message.authorId === desk.agent.name || message.unsent ? 'You' : speakerOf(message)),
      message.createTime ? h('time', {datetime: message.createTime}, momentOf(message.createTime)) : null,
      own ? mark(delivery) : null),
    delivery === 'refused' ? h('div', {class: 'problem'}, message.problem, ' ',
      h('button', {class: 'link', onclick: () => { session.retry(conversation, message.entry); render(); }}, 'Send again'),
      h('button', {class: 'link', onclick: () => {
        conversation.outbox = conversation.outbox.filter((entry) => entry !== message.entry);
        keepOutbox();
        render();
      }}, 'Discard')) : null,
  ];
}

const MARKS = {stored: ['one', 'stored'], delivered: ['two', 'delivered'], seen: ['two', 'seen']};
function mark(delivery) {
  const [symbol, text] = MARKS[delivery] ?? ['clock', delivery === 'refused' ? 'not sent' : 'sending'];
  return h('span', {class: `mark ${text.replace(' ', '-')}`, title: text}, icon(symbol), h('span', {class: 'visually-hidden'}, text));
}

// --- The context beside it

function renderContext() {
  const conversation = desk.conversations.get(selected);
  const aside = byId('context');
  aside.hidden = !conversation;
  document.body.classList.toggle('with-context', Boolean(conversation));
  if (!conversation) return;
  const {contact} = conversation;
  const {context = {}} = contact;
  const customer = context.customer ?? {};
  rebuild(aside, [conversation.name, context.customer, context.subject, context.attributes, context.transfers,
    context.earlierContacts, context.promises, conversation.reason, contact.customerConnected], () => [
    h('section', {class: 'customer'},
      avatar(conversation.customerName, conversation.name),
      h('div', {},
        h('div', {class: 'who-line'}, h('h2', {}, conversation.customerName), vipBadge(customer.vip)),
        h('div', {class: 'muted small'}, customer.verified ? 'Identity verified' : 'Identity not verified',
          contact.customerConnected ? ' · online' : ''))),
    h('section', {}, h('h3', {}, 'Topic'), h('p', {testid: 'context-topic'}, context.subject || 'None given')),
    transferNotes(context),
    attributesOf(context),
    (context.promises ?? []).length ? h('section', {}, h('h3', {}, 'Promised'), h('ul', {class: 'facts'},
      context.promises.map((promise) => h('li', {}, `${wordOf(promise.kind)} by ${momentOf(promise.dueTime)}`)))) : null,
    earlierContacts(context),
    (customer.addresses ?? []).length ? h('section', {}, h('h3', {}, 'Reached by'), h('ul', {class: 'facts'},
      customer.addresses.map((address) => h('li', {}, h('span', {class: 'muted'}, `${channelOf(address.channel)} `),
        h('span', {class: 'break'}, address.value))))) : null,
    conversation.reason ? h('section', {}, h('h3', {}, 'Why you'), h('p', {testid: 'context-why'}, sentenceOf(conversation.reason))) : null,
    h('section', {class: 'muted small'}, `Contact ${idOf(contact.name)}`,
      contact.transferCount ? contact.transferCount > 1 ? ` · passed on ${contact.transferCount} times` : ' · passed on once' : '',
      contact.offerCount > 1 ? ` · ${contact.offerCount} offers made` : ''),
  ]);
}

function transferNotes(context) {
  const notes = context.transfers ?? [];
  if (!notes.length) return null;
  return h('section', {class: 'transfers'}, h('h3', {}, 'How it got here'), h('ol', {class: 'steps', testid: 'transfer-chain'},
    notes.map((note) => h('li', {},
      h('div', {}, h('strong', {}, idOf(note.fromAgent) || 'Router'), ' → ', h('strong', {}, idOf(note.target)),
        note.reason ? `: ${note.reason}` : '', h('span', {class: 'muted small'}, note.time ? ` ${momentOf(note.time)}` : '')),
      note.summary ? h('p', {}, note.summary) : null))));
}

function earlierContacts(context) {
  const earlier = context.earlierContacts ?? [];
  if (!earlier.length) return null;
  return h('section', {}, h('h3', {}, 'Earlier contacts'), h('ul', {class: 'earlier', testid: 'earlier-contacts'},
    earlier.map((one) => h('li', {},
      h('div', {}, one.topic || 'No topic'),
      h('div', {class: 'muted small'}, [one.endTime ? momentOf(one.endTime) : '', channelOf(one.channel),
        one.agent ? `with ${idOf(one.agent)}` : '', one.disposition || wordOf(one.endReason, 'END_REASON_')]
        .filter(Boolean).join(' · '))))));
}

function attributesOf(context) {
  const entries = Object.entries(context.attributes ?? {}).sort(([a], [b]) => a.localeCompare(b));
  if (!entries.length) return null;
  return h('section', {}, h('h3', {}, 'Details'), h('dl', {class: 'attributes'}, entries.map(([key, value]) => [
    h('dt', {}, key.replaceAll(/[_.]/g, ' ')), h('dd', {}, typeof value === 'object' ? JSON.stringify(value) : String(value))])));
}

const nameOf = (contact) => contact.context?.customer?.displayName || contact.context?.customer?.id || 'Customer';
const authorOf = (message) => wordOf(message.author, 'AUTHOR_');
function speakerOf(message) {
  if (message.authorDisplayName) return message.authorDisplayName;
  return message.author === 'AUTHOR_CUSTOMER' ? 'Customer' : idOf(message.authorId) || 'Agent';
}

function renderTitle() {
  const unread = [...desk.conversations.values()].reduce((sum, one) => sum + one.unread, 0);
  const count = unread + desk.offers.size;
  document.title = `${count ? `(${count}) ` : ''}${desk.offers.size ? 'Offer' : 'Desk'} · routerd`;
}

// Everything that moves with the clock.
function tick() {
  const now = desk.now();
  for (const node of document.querySelectorAll('.ring')) {
    const total = Number(node.dataset.total);
    const left = Math.min(total, Math.max(0, instantOf(node.dataset.until) - now));
    node.style.setProperty('--left', String(left / total));
    node.classList.toggle('urgent', left < Math.min(5_000, total / 3));
    setText(node.querySelector('.ring-text'), String(Math.ceil(left / 1000)));
  }
  const conversation = desk.conversations.get(selected);
  if (!conversation) return;
  const typing = conversation.typingUntil > Date.now();
  byId('typing').hidden = !typing;
  if (typing) setText(byId('typing'), `${conversation.customerName} is typing…`);
  const since = instantOf(conversation.contact.acceptTime ?? conversation.contact.stateTime);
  if (byId('elapsed') && since) setText(byId('elapsed'), clockOf(now - since));
  if (conversation.wrapsUp) {
    const until = instantOf(conversation.contact.wrapUpExpireTime);
    const from = instantOf(conversation.contact.stateTime);
    setText(byId('wrap-up-left'), until ? `${clockOf(until - now)} left` : 'until you are done');
    byId('wrap-up-bar').style.setProperty('--share', until ? `${Math.max(0, (100 * (until - now)) / (until - from))}%` : '100%');
  }
}

// ---------------------------------------------------------------------------------------------- what people do

// Asks, and shows a refusal. Meanwhile `name` counts as busy.
async function act(name, action, stillNeeded) {
  if (busy.has(name)) return;
  busy.add(name);
  render();
  try {
    await session.request(action, stillNeeded);
  } catch (problem) {
    toast(problem.message, true);
  } finally {
    busy.delete(name);
    render();
  }
}

const accept = (offer) => act(offer.name, {accept: {offer: offer.name}}, () => desk.offers.has(offer.name));
const decline = (offer, reason) =>
  act(offer.name, {decline: {offer: offer.name, reason}}, () => desk.offers.has(offer.name));
const hold = (conversation) =>
  act(conversation.name, {hold: {contact: conversation.name, on: !conversation.contact.onHold}});

byId('presence').addEventListener('change', async (event) => {
  const [kind, reason] = event.target.value.split(':');
  const presence = kind === 'away' ? 'PRESENCE_AWAY' : 'PRESENCE_AVAILABLE';
  await act('presence', {presence: {presence, reason}});
});

byId('sign-out').addEventListener('click', () => signOut());
byId('leave-form').addEventListener('submit', () => signOut(true));

// --- Writing

const composer = byId('message-input');
let typingTold = 0;
let typingTimer = null;

byId('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const conversation = desk.conversations.get(selected);
  const text = composer.value.trim();
  if (!conversation || !text) return;
  composer.value = '';
  drafts.delete(selected);
  stopTyping();
  session.post(conversation, text);
});

composer.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId('composer').requestSubmit();
});

composer.addEventListener('input', () => {
  drafts.set(selected, composer.value);
  clearTimeout(typingTimer);
  typingTimer = setTimeout(stopTyping, TYPING_OVER_MS);
  if (Date.now() - typingTold < TYPING_AGAIN_MS || !composer.value) return;
  typingTold = Date.now();
  session.tell({typing: {contact: selected, on: true}});
});

function stopTyping() {
  clearTimeout(typingTimer);
  if (typingTold) session.tell({typing: {contact: selected, on: false}});
  typingTold = 0;
}

function focusComposer() {
  setTimeout(() => document.querySelector('dialog[open]') || byId('composer').hidden || composer.focus());
}

// --- Passing on and completing

let dialogContact = null;

function openTransfer(conversation) {
  dialogContact = conversation.name;
  const others = desk.agents.filter((agent) => idOf(agent) !== idOf(desk.agent.name));
  const group = (label, prefix, names) => names.length
    ? h('optgroup', {label}, names.map((name) => h('option', {value: `${prefix}/${idOf(name)}`}, idOf(name)))) : null;
  byId('transfer-target').replaceChildren(...[
    h('option', {value: ''}, 'Choose…'), h('option', {value: 'skills'}, 'Whoever has the skills…'),
    group('Agents', 'agents', others), group('Queues', 'queues', desk.queues),
  ].filter(Boolean));
  byId('transfer-skills').value = '';
  byId('transfer-warm').checked = false;
  showSkillsRow();
  byId('transfer-reason').value = '';
  byId('transfer-summary').value = '';
  byId('transfer-problem').hidden = true;
  byId('transfer').showModal();
}

function showSkillsRow() {
  const shown = byId('transfer-target').value === 'skills';
  byId('transfer-skills-row').hidden = !shown;
  byId('transfer-skills').required = shown;
}
byId('transfer-target').addEventListener('change', showSkillsRow);

byId('transfer-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const [kind, id] = byId('transfer-target').value.split('/');
  const target = {agents: {agent: id}, queues: {queue: id}}[kind] ??
    {requirements: parseSkills(byId('transfer-skills').value)};
  settle('transfer', {transfer: {
    contact: dialogContact, ...target,
    reason: byId('transfer-reason').value.trim(), summary: byId('transfer-summary').value.trim(),
    warm: byId('transfer-warm').checked,
  }}, () => desk.conversations.has(dialogContact) && !desk.conversations.get(dialogContact).isPassedOn);
});

function openComplete(conversation) {
  dialogContact = conversation.name;
  const outcomes = conversation.contact.dispositions ?? [];
  byId('disposition-box').replaceChildren(outcomes.length
    ? h('select', {id: 'disposition', required: true, testid: 'disposition'}, h('option', {value: ''}, 'Choose…'),
      outcomes.map((outcome) => h('option', {value: outcome}, wordOf(outcome))))
    : h('input', {id: 'disposition', maxlength: '64', placeholder: 'e.g. solved', testid: 'disposition'}));
  byId('complete-summary').value = '';
  byId('complete-problem').hidden = true;
  byId('complete').showModal();
}

byId('complete-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = dialogContact;
  settle('complete', {complete: {
    contact: name, disposition: byId('disposition').value.trim(), summary: byId('complete-summary').value.trim(),
  }}, () => ['STATE_ACTIVE', 'STATE_DORMANT'].includes(desk.conversations.get(name)?.contact.state));
});

// Sends what a dialog says; the dialog stays, with the refusal, if it is refused.
async function settle(dialog, action, stillNeeded) {
  const go = byId(`${dialog}-go`);
  const problem = byId(`${dialog}-problem`);
  go.disabled = true;
  problem.hidden = true;
  try {
    await session.request(action, stillNeeded);
    byId(dialog).close();
  } catch (refusal) {
    problem.hidden = false;
    setText(problem, refusal.message);
  } finally {
    go.disabled = false;
    render();
  }
}

byId('wrap-up').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = selected;
  act(name, {wrapUpDone: {contact: name}}, () => desk.conversations.has(name));
});

// --- Keys, toasts, clock

addEventListener('keydown', (event) => {
  if (!event.altKey || !desk.agent) return;
  if (event.code === 'KeyA' && desk.offers.has(openOffer)) {
    event.preventDefault();
    accept(desk.offers.get(openOffer));
  }
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  const names = [...desk.conversations.keys()];
  if (step && names.length) {
    event.preventDefault();
    select(names[(names.indexOf(selected) + step + names.length) % names.length]);
  }
});

for (const name of ['visibilitychange', 'focus']) {
  addEventListener(name, () => {
    const conversation = desk.conversations.get(selected);
    if (session && conversation) acknowledge(conversation);
    if (desk.agent) render();
  });
}

function toast(text, problem = false) {
  const node = h('div', {class: problem ? 'toast problem' : 'toast', testid: 'toast'}, text);
  byId('toasts').append(node);
  setTimeout(() => node.remove(), problem ? 9_000 : 6_000);
}

const announce = (text) => setText(byId('announcer'), text);

setInterval(() => desk.agent && tick(), 250);
start();
