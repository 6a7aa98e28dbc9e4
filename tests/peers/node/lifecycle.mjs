// Drives a real routerd through whole lives of contacts, as an adapter, as agents and as a supervisor, over a gRPC
// implementation that shares no code with it. Prints what happens; ends with 1 at the first thing that is not as it
// should be.
//
//   node lifecycle.mjs PATH_OF_ROUTERD PATH_OF_PROTO_DIRECTORY
import { spawn } from 'node:child_process';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const [routerdProgram, protoDirectory] = process.argv.slice(2);
const kPatienceMs = 20_000;

const CONFIG = `
security:
  principals:
    - {id: chat-1, role: ADAPTER, token: {value: token-of-chat-1}}
    - {id: ana, role: AGENT, token: {value: token-of-ana}}
    - {id: bo, role: AGENT, token: {value: token-of-bo}}
    - {id: sam, role: SUPERVISOR, token: {value: token-of-sam}}
workspaces:
  - id: main
    skills: [{id: billing}, {id: orders}]
    channels: [{id: webchat, cost: 25}]
    vip_levels: [{id: gold, head_start: 180s}]
    queues:
      - id: billing
        requirements: [{skill: billing, tier: SENIOR}]
        offer_timeout: 60s
        wrap_up: {mode: UNTIL_DONE}
        dispositions: [solved, refunded]
      - id: orders
        requirements: [{skill: orders}]
        offer_timeout: 60s
        strategy: MOST_SKILLED
        wrap_up: {mode: UNTIL_DONE}
    agents:
      - {id: ana, display_name: Ana, skills: {billing: SENIOR, orders: JUNIOR}}
      - {id: bo, display_name: Bo, skills: {orders: EXPERT}}
    customers: [{id: c-gold, display_name: Gold customer, vip: gold}]
`;

const api = grpc.loadPackageDefinition(
  loader.loadSync(
    ['contact_service', 'agent_service', 'supervisor_service'].map((name) => `routerd/v1/${name}.proto`),
    { includeDirs: [protoDirectory], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true },
  ),
).routerd.v1;

const say = (text) => console.log(text);

// --- The daemon ---

class Daemon {
  constructor(directory) {
    this.directory = directory;
    this.grpcAddress = '127.0.0.1:0';
    fs.writeFileSync(path.join(directory, 'routerd.yaml'), CONFIG);
  }

  // Later starts come back at the address of the first.
  async start() {
    const log = fs.openSync(path.join(this.directory, 'routerd.log'), 'a');
    this.process = spawn(
      routerdProgram,
      ['--config', path.join(this.directory, 'routerd.yaml'), '--data', path.join(this.directory, 'data'),
        '--grpc-address', this.grpcAddress, '--http-address', '127.0.0.1:0'],
      { stdio: ['ignore', 'pipe', log] },
    );
    this.ended = new Promise((resolve) => this.process.once('exit', (code, signal) => resolve({ code, signal })));
    const firstLine = new Promise((resolve) => readline.createInterface({ input: this.process.stdout }).once('line', resolve));
    const line = await Promise.race([firstLine, this.ended.then((how) => `ended: ${JSON.stringify(how)}`)]);
    const ready = /^READY grpc=(\S+) http=\S+$/.exec(line);
    assert(ready, `routerd did not get ready: ${line}\n${fs.readFileSync(path.join(this.directory, 'routerd.log'))}`);
    this.grpcAddress = ready[1];
  }

  async kill(signal) {
    this.process.kill(signal);
    return this.ended;
  }
}

// --- Calls ---

const metadataOf = (token) => {
  const metadata = new grpc.Metadata();
  if (token) metadata.set('authorization', `Bearer ${token}`);
  return metadata;
};

// One call, as a promise of { error, response }.
const call = (client, method, request, token) =>
  new Promise((resolve) =>
    client[method](request, metadataOf(token), { deadline: Date.now() + kPatienceMs }, (error, response) =>
      resolve({ error, response })));

const succeed = async (...args) => {
  const { error, response } = await call(...args);
  assert(!error, `${args[1]}: ${error}`);
  return response;
};

const refused = async (code, reason, ...args) => {
  const { error } = await call(...args);
  assert(error, `${args[1]} should be refused with ${reason}`);
  assert.equal(error.code, code, `${args[1]}: ${error}`);
  const [details] = error.metadata.get('grpc-status-details-bin');
  assert(details && details.includes(reason) && details.includes('google.rpc.ErrorInfo'), `no ${reason} in ${details}`);
};

// A bidirectional stream whose messages are waited for one by one.
class Stream {
  constructor(name, call) {
    this.name = name;
    this.call = call;
    this.received = [];
    this.status = null;
    this.waiting = [];
    this.requestCount = 0;
    call.on('data', (message) => {
      this.received.push(message);
      this.notify();
    });
    call.on('status', (status) => {
      this.status = status;
      this.notify();
    });
    call.on('error', () => {});
  }

  notify() {
    for (const wake of this.waiting.splice(0)) wake();
  }

  async until(what, look) {
    const deadline = Date.now() + kPatienceMs;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      assert(Date.now() < deadline, `${this.name}: no ${what} among ${JSON.stringify(this.received, null, 1)}, status ${this.status}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        this.waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  // Takes the first message that has `field` and fits.
  next(field, fits = () => true) {
    return this.until(field, () => {
      const index = this.received.findIndex((message) => message[field] && message.event === field && fits(message[field], message));
      return index < 0 ? undefined : this.received.splice(index, 1)[0][field];
    });
  }

  // Sends a request and returns its answer, which must have `reason` ('' for success).
  async ask(request, reason = '') {
    const request_id = `${this.name}-${++this.requestCount}`;
    this.call.write({ request_id, ...request });
    const kind = this.name.startsWith('adapter') ? 'ack' : 'result';
    const answer = await this.next(kind, (result) => result.request_id === request_id);
    assert.equal(answer.reason, reason, `${this.name} ${JSON.stringify(request)}: ${JSON.stringify(answer)}`);
    return answer;
  }

  end() {
    return this.until('end', () => this.status ?? undefined);
  }
}

const adapterStream = (client, name = 'adapter') => new Stream(name, client.Connect(metadataOf('token-of-chat-1')));
const deskStream = (client, agent) => new Stream(agent, client.Work(metadataOf(`token-of-${agent}`)));

const signIn = async (client, agent) => {
  const desk = deskStream(client, agent);
  await desk.ask({ sign_in: { agent, version: 'node peer' } });
  desk.picture = await desk.next('picture');
  return desk;
};

// An offer made by the sign-in itself is in the picture.
const nextOffer = async (desk) => desk.picture.offers.shift() ?? desk.next('offer');

// --- The stories ---

async function refusals({ contacts, agents, supervisors }) {
  await refused(grpc.status.UNAUTHENTICATED, 'TOKEN_UNKNOWN', supervisors, 'ListQueues', {}, 'no such token');
  await refused(grpc.status.UNAUTHENTICATED, 'TOKEN_UNKNOWN', supervisors, 'ListQueues', {});
  await refused(grpc.status.PERMISSION_DENIED, 'ROLE_NOT_ALLOWED', supervisors, 'ListQueues', {}, 'token-of-ana');
  await refused(grpc.status.INVALID_ARGUMENT, 'FIELD_MISSING', contacts, 'CreateContact', {}, 'token-of-chat-1');
  await refused(grpc.status.NOT_FOUND, 'CONTACT_UNKNOWN', contacts, 'GetContact', { name: 'contacts/999' }, 'token-of-chat-1');
  const imposter = deskStream(agents, 'bo');
  await imposter.ask({ sign_in: { agent: 'ana' } }, 'ROLE_NOT_ALLOWED');
  assert.equal((await imposter.end()).code, grpc.status.PERMISSION_DENIED);
  say('refused: no token, a wrong token, a wrong role, a request without its fields, an agent who claims to be another');
}

async function wholeLife({ contacts, agents }) {
  const adapter = adapterStream(contacts);
  await adapter.ask({ hello: { adapter: 'chat-1', version: 'node peer' } });
  await adapter.next('welcome');
  say('adapter chat-1 is connected');

  const create = {
    source_id: 'chat-77', channel: 'webchat', queue: 'orders', subject: 'Where is my parcel?',
    customer: { id: 'c-gold', verified: true, addresses: [{ channel: 'webchat', value: 'visitor-1' }] },
    messages: [{ source_id: 'm-1', text: 'It should have come on Monday.' }],
  };
  const { contact } = await adapter.ask({ create });
  assert.match(contact, /^contacts\/\d+$/);
  assert.equal((await adapter.ask({ create })).contact, contact, 'a repeat names the same contact');
  say(`${contact} waits: nobody is there`);

  const ana = await signIn(agents, 'ana');
  const offered = await nextOffer(ana);
  assert.equal(offered.contact.name, contact);
  assert.equal(offered.contact.context.customer.display_name, 'Gold customer');
  assert.equal(offered.contact.context.customer.vip, 'gold');
  assert.equal(offered.contact.context.subject, 'Where is my parcel?');
  assert.equal(offered.contact.context.transcript[0].text, 'It should have come on Monday.');
  assert(offered.reason, 'an offer says why this agent');
  await ana.ask({ decline: { offer: offered.name, reason: 'not mine' } });
  await ana.ask({ accept: { offer: offered.name } }, 'OFFER_NOT_OPEN');
  say(`ana was offered ${contact} with its context, and declined`);

  const bo = await signIn(agents, 'bo');
  const offer = await nextOffer(bo);
  assert.equal(offer.contact.name, contact);
  await bo.ask({ accept: { offer: offer.name } });
  await adapter.next('state', (state) => state.contact.state === 'STATE_ACTIVE' && state.agent_display_name === 'Bo');
  say('bo accepted; the adapter knows that Bo serves');

  await bo.ask({ message: { contact, source_id: 'b-1', text: 'Let me look.' } });
  assert.equal((await adapter.next('message', (message) => message.author === 'AUTHOR_AGENT')).text, 'Let me look.');
  await adapter.ask({ message: { contact_source_id: 'chat-77', source_id: 'm-2', text: 'Thank you.' } });
  await adapter.ask({ message: { contact_source_id: 'chat-77', source_id: 'm-2', text: 'Thank you.' } });
  assert.equal((await bo.next('message', (message) => message.author === 'AUTHOR_CUSTOMER')).text, 'Thank you.');
  adapter.call.write({ typing: { contact, on: true } });
  assert.equal((await bo.next('typing')).on, true);
  await adapter.ask({ delivery: { contact, sequence: 2, delivery: 'DELIVERY_SEEN' } });
  assert.equal((await bo.next('delivery')).delivery, 'DELIVERY_SEEN');
  await ana.ask({ message: { contact, source_id: 'a-1', text: 'Hello?' } }, 'CONTACT_NOT_YOURS');
  say('they talked both ways, with typing and delivery marks; ana could not speak');

  await bo.ask({ transfer: { contact, agent: 'agents/ana', reason: 'invoice', summary: 'Parcel found; wants a refund.' } });
  const passedOn = await nextOffer(ana);
  assert.equal(passedOn.contact.context.transfers[0].summary, 'Parcel found; wants a refund.');
  assert.deepEqual(passedOn.contact.context.transcript.filter((m) => m.author !== 'AUTHOR_SYSTEM').map((m) => m.text),
    ['It should have come on Monday.', 'Let me look.', 'Thank you.']);
  await bo.next('released');
  await ana.ask({ accept: { offer: passedOn.name } });
  say('bo passed it on to ana, with a summary and the whole conversation');

  await ana.ask({ complete: { contact, disposition: 'refunded', summary: 'Refunded.' } });
  await adapter.next('state', (state) => state.contact.state === 'STATE_WRAP_UP');
  await ana.ask({ wrap_up_done: { contact } });
  const ended = await adapter.next('state', (state) => state.contact.state === 'STATE_ENDED');
  assert.equal(ended.contact.end_reason, 'END_REASON_COMPLETED');
  const record = await succeed(contacts, 'GetContact', { source_id: 'chat-77' }, 'token-of-chat-1');
  assert.equal(record.disposition, 'refunded');
  say(`${contact} ended: completed, refunded`);
  return { adapter, ana, bo };
}

async function crash(daemon, { contacts, agents }, { adapter, ana, bo }) {
  const create = (source_id, queue) => ({
    create: {
      source_id, channel: 'webchat', queue, subject: 'Invoice',
      customer: { addresses: [{ channel: 'webchat', value: `visitor of ${source_id}` }] },
      messages: [{ source_id: 'm-1', text: 'Before the crash.' }],
    },
  });
  const running = (await adapter.ask(create('chat-78', 'billing'))).contact;
  await ana.ask({ accept: { offer: (await nextOffer(ana)).name } });
  const offered = (await adapter.ask(create('chat-79', 'orders'))).contact;
  const open = await nextOffer(bo);
  const seen = Math.max(...adapter.received.map((message) => message.sequence), 0);
  const head = await adapter.next('state', (state) => state.contact.name === running && state.contact.state === 'STATE_ACTIVE');
  assert(head && seen > 0);
  await adapter.ask({ ack_sequence: seen });
  await ana.ask({ message: { contact: running, source_id: 'a-9', text: 'One moment.' } });

  await daemon.kill('SIGKILL');
  await Promise.all([adapter, ana, bo].map((stream) => stream.end()));
  say(`killed routerd while ${running} was served and ${offered} was offered`);
  await daemon.start();

  const again = adapterStream(contacts, 'adapter-again');
  await again.ask({ hello: { adapter: 'chat-1', resume_after: seen } });
  const missed = await again.next('message', (message) => message.source_id === 'a-9');
  assert.equal(missed.text, 'One moment.');
  assert(again.received.every((message) => message.sequence === 0 || message.sequence > seen), 'nothing comes twice');
  const anaAgain = await signIn(agents, 'ana');
  const held = anaAgain.picture.contacts.find((contact) => contact.name === running);
  assert.equal(held.state, 'STATE_ACTIVE');
  assert.deepEqual(held.context.transcript.filter((m) => m.author !== 'AUTHOR_SYSTEM').map((m) => m.text),
    ['Before the crash.', 'One moment.']);
  const boAgain = await signIn(agents, 'bo');
  assert.equal(boAgain.picture.offers[0].name, open.name, 'the same offer is still open');
  await boAgain.ask({ accept: { offer: open.name } });
  assert.equal((await again.ask(create('chat-78', 'billing'))).contact, running, 'its source id is still known');
  say('after its restart the chat goes on, the offer is open, and the adapter got what it had missed');

  for (const [desk, contact] of [[anaAgain, running], [boAgain, offered]]) {
    await desk.ask({ complete: { contact, disposition: 'solved' } });
    await desk.ask({ wrap_up_done: { contact } });
    await again.next('state', (state) => state.contact.name === contact && state.contact.state === 'STATE_ENDED');
  }
  return [again, anaAgain, boAgain];
}

async function supervision({ supervisors }) {
  const token = 'token-of-sam';
  const { queues } = await succeed(supervisors, 'ListQueues', {}, token);
  assert.deepEqual(queues.map((queue) => queue.name).sort(), ['queues/billing', 'queues/orders']);
  const { agents } = await succeed(supervisors, 'ListAgents', { all: true }, token);
  assert.deepEqual(agents.map((agent) => agent.name).sort(), ['agents/ana', 'agents/bo']);
  const explained = await succeed(supervisors, 'ExplainContact', { name: 'contacts/1' }, token);
  assert(explained.summary && explained.life.length > 5, JSON.stringify(explained));
  const ended = await succeed(supervisors, 'ListContacts', { state: 'STATE_ENDED' }, token);
  assert.equal(ended.contacts.length, 3);
  const { sequence } = await succeed(supervisors, 'GetStatistics', {}, token);
  const watch = new Stream('watch', supervisors.WatchEvents({ after_sequence: 0 }, metadataOf(token)));
  await watch.until('last event', () => (watch.received.at(-1)?.sequence >= sequence ? true : undefined));
  watch.received.forEach((event, index) => assert.equal(event.sequence, index + 1));
  say(`a supervisor sees the queues, the agents, why, and all ${watch.received.length} events in order`);
  return watch;
}

async function main() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'routerd-node-'));
  const daemon = new Daemon(directory);
  try {
    await daemon.start();
    const options = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 };
    const plain = grpc.credentials.createInsecure();
    const clients = {
      contacts: new api.ContactService(daemon.grpcAddress, plain, options),
      agents: new api.AgentService(daemon.grpcAddress, plain, options),
      supervisors: new api.SupervisorService(daemon.grpcAddress, plain, options),
    };
    for (const client of Object.values(clients)) {
      const waitForReady = client.waitForReady.bind(client);
      client.ready = () => new Promise((resolve, reject) =>
        waitForReady(Date.now() + kPatienceMs, (error) => (error ? reject(error) : resolve())));
    }
    await refusals(clients);
    const streams = await wholeLife(clients);
    const open = await crash({ kill: (signal) => daemon.kill(signal),
      start: async () => {
        await daemon.start();
        await Promise.all(Object.values(clients).map((client) => client.ready()));
      } }, clients, streams);
    open.push(await supervision(clients));
    const how = await daemon.kill('SIGTERM');
    assert.deepEqual(how, { code: 0, signal: null });
    for (const stream of open) assert.equal((await stream.end()).code, grpc.status.UNAVAILABLE, stream.name);
    say('told to stop, routerd sent everybody away to come back later, and ended well');
    for (const client of Object.values(clients)) client.close();
  } catch (error) {
    console.error(fs.readFileSync(path.join(directory, 'routerd.log'), 'utf8').split('\n').slice(-40).join('\n'));
    throw error;
  } finally {
    daemon.process?.kill('SIGKILL');
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

main().then(
  () => say('PASSED'),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
