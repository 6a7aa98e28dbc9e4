// The wallboard page: draws what the router tells once a second at most, and asks it why.
import {avatar, byId, h, rebuild, reconcile, setText, vipBadge} from './dom.js';
import {channelOf, clockOf, idOf, instantOf, millisecondsOf, momentOf, sentenceOf, skillsOf, spanOf, wordOf} from './format.js';
import {Link, socketUrl} from './link.js';

const STORED = 'routerd.wallboard.token';

let board = null;  // The last picture: {statistics, agents, waiting}.
let clockOffset = 0;  // Server time less ours.
let link = null;
let token = sessionStorage.getItem(STORED) ?? '';
let workspace = new URLSearchParams(location.search).get('workspace') ?? '';

async function start() {
  byId('sign-in-form').addEventListener('submit', (event) => {
    event.preventDefault();
    token = byId('token').value;
    connect();
  });
  byId('explain-close').addEventListener('click', () => byId('explain').close());
  byId('workspace').addEventListener('change', (event) => {
    workspace = event.target.value;
    connect();
  });
  showBanner('Connecting…');
  const info = await untilAnswered('/v1/info');
  byId('workspace').replaceChildren(...info.workspaces.map((id) => h('option', {value: id, selected: id === workspace}, id)));
  byId('workspace').hidden = info.workspaces.length < 2;
  if (info.tokenRequired && !token) askForToken();
  else connect();
}

async function untilAnswered(path) {
  for (let wait = 250; ; wait = Math.min(4_000, wait * 2)) {
    try {
      const answer = await fetch(path);
      if (answer.ok) return await answer.json();
    } catch {
      // Not there yet.
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

function askForToken(problem = '') {
  byId('banner').hidden = true;
  byId('board').hidden = true;
  byId('sign-in').hidden = false;
  byId('sign-in-problem').hidden = !problem;
  setText(byId('sign-in-problem'), problem);
  byId('token').focus();
}

function connect() {
  link?.stop();
  const query = workspace ? `?workspace=${encodeURIComponent(workspace)}` : '';
  link = new Link(socketUrl(`/v1/wallboard${query}`), 'routerd.wallboard.v1', {
    opened: () => link.send({token}),
    received: (frame) => (frame.error ? refused(frame.error) : show(frame)),
    lost: () => {
      showBanner(board ? 'Connection lost, trying again. The figures are those of a moment ago.' : 'Connecting…');
      document.body.classList.add('offline');
    },
  });
}

function refused(error) {
  if (error.code === 'UNAVAILABLE') return;  // The link comes back by itself.
  link.stop();
  sessionStorage.removeItem(STORED);
  askForToken(error.message);
}

function show(frame) {
  link.settled();
  if (token) sessionStorage.setItem(STORED, token);
  board = frame;
  clockOffset = instantOf(frame.statistics.time) - Date.now();
  byId('banner').hidden = true;
  byId('sign-in').hidden = true;
  byId('board').hidden = false;
  document.body.classList.remove('offline');
  render();
}

function showBanner(text) {
  byId('banner').hidden = false;
  setText(byId('banner'), text);
}

const now = () => Date.now() + clockOffset;

// ---------------------------------------------------------------------------------------------- drawing

function render() {
  renderFigures();
  renderQueues();
  renderLine();
  renderAgents();
  tick();
}

function renderFigures() {
  const {statistics} = board;
  const queues = statistics.queues ?? [];
  const sum = (field) => queues.reduce((total, queue) => total + Number(queue[field] ?? 0), 0);
  const accepted = sum('acceptedCount');
  const level = accepted ? queues.reduce((total, queue) =>
    total + (queue.serviceLevel ?? 0) * Number(queue.acceptedCount ?? 0), 0) / accepted : null;
  const figures = [
    ['Waiting', statistics.waitingCount ?? 0, 'waiting'],
    ['Offered', sum('offeredCount')],
    ['In conversation', sum('activeCount')],
    ['In wrap-up', sum('wrapUpCount')],
    ['Agents available', `${statistics.agentsAvailableCount ?? 0} of ${statistics.agentsSignedInCount ?? 0}`],
    ['Served', sum('completedCount')],
    ['Left unserved', sum('abandonedCount')],
    ['Service level', level === null ? '–' : `${Math.round(level * 100)} %`],
  ];
  reconcile(byId('figures'), figures, ([name]) => name,
    ([name]) => h('div', {class: 'figure'}, h('strong'), h('span', {class: 'muted'}, name)),
    (node, [, value, id]) => {
      if (id) node.dataset.testid = `figure-${id}`;
      setText(node.firstElementChild, String(value));
    });
}

function renderQueues() {
  reconcile(byId('queues'), board.statistics.queues ?? [], (queue) => queue.name,
    () => h('article', {class: 'queue', testid: 'queue'}), (node, queue) => {
      const waiting = queue.waitingCount ?? 0;
      const free = queue.agentsFreeCount ?? 0;
      const available = queue.agentsAvailableCount ?? 0;
      const answered = Number(queue.acceptedCount ?? 0);
      const level = queue.serviceLevel ?? 0;
      node.dataset.mood = waiting && !available ? 'bad' : waiting && !free ? 'warn' : 'good';
      rebuild(node, queue, () => [
        h('header', {}, h('h3', {}, queue.displayName || idOf(queue.name)), h('span', {class: 'mood'})),
        h('div', {class: 'queue-main'},
          h('div', {class: 'big', testid: 'queue-waiting'}, String(waiting)),
          h('div', {class: 'queue-side'}, h('span', {class: 'muted small'}, waiting ? 'waiting, the first for' : 'waiting'),
            waiting ? h('strong', {class: 'longest'}) : null)),
        h('dl', {class: 'pairs'},
          pair('Expected wait', estimateOf(queue.estimate)),
          pair('Agents', `${free} free of ${available}`),
          pair('In hand', `${queue.activeCount ?? 0} active · ${queue.offeredCount ?? 0} offered`),
          pair('Mean wait', queue.meanWait ? spanOf(millisecondsOf(queue.meanWait)) : '–'),
          pair('Mean handling', queue.meanHandleTime ? spanOf(millisecondsOf(queue.meanHandleTime)) : '–'),
          pair('Served · left', `${queue.completedCount ?? 0} · ${queue.abandonedCount ?? 0}`)),
        h('div', {class: 'level', title: 'Accepted within the target, of all accepted and those who left after it'},
          h('div', {class: 'level-bar'}, shareBar(answered ? level : 0)),
          h('span', {class: 'small'}, answered ? `${Math.round(level * 100)} %` : '–',
            h('span', {class: 'muted'}, ` within ${queue.serviceLevelTarget ? spanOf(millisecondsOf(queue.serviceLevelTarget)) : 'target'}`))),
      ]);
      // Measured from our clock, so that it counts on between two pictures.
      const longest = millisecondsOf(queue.longestWait);
      if (longest !== null) node.dataset.since = String(instantOf(board.statistics.time) - longest);
      else delete node.dataset.since;
    });
}

const pair = (name, value) => [h('dt', {}, name), h('dd', {}, value)];

function shareBar(share) {
  const bar = h('span');
  bar.style.setProperty('--share', `${Math.round(share * 100)}%`);
  return bar;
}

function estimateOf(estimate) {
  const p50 = millisecondsOf(estimate?.waitP50);
  if (p50 === null) return estimate ? 'nobody on duty' : '–';
  const p90 = millisecondsOf(estimate.waitP90);
  if (p50 < 1000 && (p90 ?? 0) < 1000) return 'none';
  return `${spanOf(p50)}${p90 && p90 - p50 >= 1000 ? `, up to ${spanOf(p90)}` : ''}`;
}

function renderLine() {
  const waiting = board.waiting ?? [];
  const total = Number(board.statistics.waitingCount ?? 0);
  setText(byId('line-count'), total > waiting.length ? `first ${waiting.length} of ${total}` : total ? String(total) : '');
  byId('line-empty').hidden = waiting.length > 0;
  byId('line').closest('table').hidden = waiting.length === 0;
  reconcile(byId('line'), waiting, (contact) => contact.name, (contact) => h('tr', {testid: 'line-row'},
    h('td', {class: 'place'}), h('td', {class: 'who'}), h('td'), h('td', {class: 'number waited'}),
    h('td', {class: 'number'}, h('button', {class: 'quiet', testid: 'why', onclick: () => explain(contact.name),
      'aria-label': `Why does contact ${idOf(contact.name)} wait?`}, 'Why?'))), (row, contact) => {
    const [place, who, queue] = row.children;
    setText(place, String(waiting.indexOf(contact) + 1));
    rebuild(who, [contact.channel, contact.context, contact.requirements, contact.lane], () => [
      h('div', {class: 'who-line'}, h('strong', {}, `#${idOf(contact.name)}`), vipBadge(contact.context?.customer?.vip),
        contact.lane ? h('span', {class: 'chip strong'}, 'urgent') : null),
      h('div', {class: 'muted small'}, [channelOf(contact.channel), skillsOf(contact.requirements)].filter(Boolean).join(' · '))]);
    setText(queue, idOf(contact.queue));
    row.dataset.since = String(instantOf(contact.queueTime ?? contact.createTime));
  });
}

function renderAgents() {
  const order = {PRESENCE_AVAILABLE: 0, PRESENCE_AWAY: 1};
  const agents = [...(board.agents ?? [])].sort((a, b) =>
    (order[a.presence] ?? 2) - (order[b.presence] ?? 2) || a.name.localeCompare(b.name));
  setText(byId('agents-count'), agents.length ? String(agents.length) : '');
  byId('agents-empty').hidden = agents.length > 0;
  reconcile(byId('agents'), agents, (agent) => agent.name, () => h('li', {testid: 'agent'}), (item, agent) => {
    item.dataset.presence = wordOf(agent.presence, 'PRESENCE_');
    rebuild(item, agent, () => {
      const used = agent.usedCapacity ?? 0;
      const capacity = agent.capacity || 100;
      const count = agent.contacts?.length ?? 0;
      const name = agent.displayName || idOf(agent.name);
      const presence = agent.connected
        ? [wordOf(agent.presence, 'PRESENCE_'), agent.presenceReason].filter(Boolean).join(' · ') : 'connection lost, kept for now';
      return [
        h('span', {class: 'dot'}), avatar(name, agent.name),
        h('div', {class: 'agent-lines'},
          h('div', {}, h('strong', {}, name)),
          h('div', {class: 'muted small'}, presence, ' ', h('span', {class: 'agent-since'})),
          h('div', {class: 'muted small'}, skillsOf(agent.skills))),
        h('div', {class: 'agent-load'},
          h('span', {class: 'small'}, count ? `${count} in hand` : 'free'),
          h('div', {class: 'level-bar', role: 'img', 'aria-label': `Capacity ${used} of ${capacity}`}, shareBar(used / capacity))),
      ];
    });
    item.dataset.since = agent.presenceTime ? String(instantOf(agent.presenceTime)) : '';
  });
}

const clockFormat = new Intl.DateTimeFormat(undefined, {hour: '2-digit', minute: '2-digit', second: '2-digit'});

// What moves with the clock alone.
function tick() {
  setText(byId('clock'), clockFormat.format(now()));
  if (!board) return;
  for (const node of document.querySelectorAll('#line tr')) {
    setText(node.querySelector('.waited'), clockOf(now() - Number(node.dataset.since)));
  }
  for (const node of document.querySelectorAll('.queue[data-since] .longest')) {
    setText(node, clockOf(now() - Number(node.closest('.queue').dataset.since)));
  }
  for (const node of document.querySelectorAll('#agents li')) {
    const since = Number(node.dataset.since);
    if (since) setText(node.querySelector('.agent-since'), `for ${clockOf(now() - since)}`);
  }
}

// ---------------------------------------------------------------------------------------------- why?

async function explain(contact) {
  setText(byId('explain-title'), `Why does contact #${idOf(contact)} wait?`);
  const body = byId('explain-body');
  body.replaceChildren(h('p', {class: 'muted'}, 'Asking…'));
  if (!byId('explain').open) byId('explain').showModal();
  const parameters = new URLSearchParams({contact: idOf(contact)});
  if (workspace) parameters.set('workspace', workspace);
  try {
    const answer = await fetch(`/v1/explain?${parameters}`, {headers: token ? {authorization: `Bearer ${token}`} : {}});
    const said = await answer.json();
    body.replaceChildren(...(answer.ok ? explanation(said) : [h('p', {class: 'problem'}, said.error?.message ?? 'No answer.')]));
  } catch {
    body.replaceChildren(h('p', {class: 'problem'}, 'The router does not answer right now. Try again in a moment.'));
  }
}

function explanation(said) {
  const part = (title, ...children) => h('section', {}, h('h3', {}, title), children);
  const facts = [
    said.estimate?.place ? `Place ${said.estimate.place}` : '',
    said.estimate ? `expected wait ${estimateOf(said.estimate)}` : '',
    said.ahead?.length ? `behind ${said.ahead.map((name) => `#${idOf(name)}`).join(', ')}` : '',
  ].filter(Boolean);
  return [
    h('p', {class: 'explain-summary', testid: 'explain-summary'}, sentenceOf(said.summary)),
    facts.length ? h('p', {class: 'muted'}, facts.join(' · ')) : null,
    said.agents?.length ? part('Agents', h('ul', {class: 'verdicts'}, said.agents.map((agent) =>
      h('li', {'data-eligible': String(Boolean(agent.eligible))},
        h('strong', {}, idOf(agent.agent)),
        agent.eligible ? h('span', {class: 'good'}, 'could take it now')
          : h('ul', {}, (agent.failedTests ?? []).map((test) => h('li', {}, h('span', {class: 'chip'}, wordOf(test.test)),
            ` ${test.text}`, test.opensTime ? h('span', {class: 'muted'}, ` (until ${momentOf(test.opensTime)})`) : ''))))))) : null,
    said.life?.length ? part('Its life so far', h('ol', {class: 'life'}, said.life.map((step) =>
      h('li', {}, h('time', {class: 'muted small'}, clockFormat.format(new Date(step.time))), h('span', {}, sentenceOf(step.text)))))) : null,
  ].filter(Boolean);
}

setInterval(tick, 1000);
start();
