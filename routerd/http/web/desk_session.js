// A desk's stream of work: signs in, asks, answers, and loses nothing when the line breaks.
import {Link, socketUrl} from './link.js';
import {millisecondsOf} from './format.js';

const ANSWER_WITHIN_MS = 15_000;
const CODE_UNAVAILABLE = 14;
const CODE_RESOURCE_EXHAUSTED = 8;
const passes = (code) => code === CODE_UNAVAILABLE || code === CODE_RESOURCE_EXHAUSTED;

// A refusal, with the router's stable reason.
export class Refusal extends Error {
  constructor({code, reason, message}) {
    super(message || reason || `refused with code ${code}`);
    this.code = code;
    this.reason = reason ?? '';
  }
}

// States: connecting --signed in--> open --line breaks--> connecting ...; closed is final.
//
// What was asked and not answered when the line broke is asked again if the picture that follows shows that it is
// still needed; messages keep their source id, so that one that had arrived is not stored twice.
//
//   hooks.state(state)     "connecting" | "open" | "closed"
//   hooks.refused(why)     signing in was refused for good; the session is closed
//   hooks.event(response)  a WorkResponse that is not an answer
//   hooks.outbox()         the state of unsent messages changed
export class DeskSession {
  constructor({agent, token, workspace}, desk, hooks) {
    this.who = {agent, token};
    this.desk = desk;
    this.hooks = hooks;
    this.asked = new Map();  // By request id: {action, resolve, reject, stillNeeded, timer}.
    this.nextId = 1;
    this.ready = false;
    const query = workspace ? `?workspace=${encodeURIComponent(workspace)}` : '';
    hooks.state('connecting');
    this.link = new Link(socketUrl(`/v1/work${query}`), 'routerd.work.v1', {
      opened: () => this.signIn(),
      received: (response) => this.receive(response),
      lost: () => this.lose(),
    });
  }

  signIn() {
    const signIn = {agent: this.who.agent, version: 'desk'};
    if (this.who.token) signIn.token = this.who.token;
    this.link.send({requestId: 'sign-in', signIn});
  }

  // Asks for `action`, a WorkRequest without its id. Fulfilled with the answer, rejected with a Refusal.
  // `stillNeeded` says, after a break, whether it must be asked again; without it the question is dropped.
  request(action, stillNeeded = null) {
    return new Promise((resolve, reject) => {
      const id = `r${this.nextId++}`;
      this.asked.set(id, {action, resolve, reject, stillNeeded});
      if (this.ready) this.ask(id);
    });
  }

  // Tells without wanting an answer; lost when there is no line, as it would be stale by then.
  tell(action) {
    if (this.ready) this.link.send(action);
  }

  // Puts a message into the conversation's outbox and sends it as soon as it can be.
  post(conversation, text) {
    conversation.outbox.push({sourceId: crypto.randomUUID(), text, state: 'waiting', problem: ''});
    this.hooks.outbox();
    this.flush(conversation);
  }

  // Sends the first unsent message of a conversation; the next one follows its answer, so that order holds.
  async flush(conversation) {
    const entry = conversation.outbox.find((one) => one.state !== 'refused');
    if (!this.ready || !entry || entry.state === 'sent') return;
    entry.state = 'sent';
    entry.problem = '';
    const message = {contact: conversation.name, sourceId: entry.sourceId, text: entry.text};
    try {
      const answer = await this.request({message}, () => conversation.outbox.includes(entry));
      if (conversation.outbox.includes(entry) && answer.messageSequence) {
        conversation.put({
          ...message, sequence: answer.messageSequence, author: 'AUTHOR_AGENT', delivery: 'DELIVERY_STORED',
          createTime: new Date(this.desk.now()).toISOString(), authorId: this.desk.agent?.name,
          authorDisplayName: this.desk.agent?.displayName,
        });
      }
    } catch (problem) {
      entry.state = 'refused';
      entry.problem = problem.message;
    }
    this.hooks.outbox();
    this.flush(conversation);
  }

  // Gives a refused message another try.
  retry(conversation, entry) {
    entry.state = 'waiting';
    this.flush(conversation);
  }

  ask(id) {
    const question = this.asked.get(id);
    if (!question) return;
    this.link.send({requestId: id, ...question.action});
    clearTimeout(question.timer);
    question.timer = setTimeout(() => this.link.drop(), ANSWER_WITHIN_MS);
  }

  receive(response) {
    if (response.result) {
      this.answer(response.result);
      return;
    }
    this.hooks.event(response);
    if (response.picture) this.resume();
  }

  answer(result) {
    if (result.requestId === 'sign-in') {
      if (!result.code) return;  // The picture follows.
      if (passes(result.code)) this.link.drop();
      else this.refuse(new Refusal(result));
      return;
    }
    const question = this.asked.get(result.requestId);
    if (!question) return;
    clearTimeout(question.timer);
    if (result.code && passes(result.code) && question.stillNeeded) {
      // The router is busy or on its way out: ask again, not at once.
      const wait = millisecondsOf(result.retryDelay) ?? 1_000;
      question.timer = setTimeout(() => this.ready && this.ask(result.requestId), wait);
      return;
    }
    this.asked.delete(result.requestId);
    if (result.code) question.reject(new Refusal(result));
    else question.resolve(result);
  }

  // The picture is here: what was asked before the break is settled by it, or asked again.
  resume() {
    this.link.settled();
    this.ready = true;
    this.hooks.state('open');
    for (const [id, question] of this.asked) {
      if (question.stillNeeded?.()) {
        this.ask(id);
      } else if (question.stillNeeded) {
        this.asked.delete(id);
        question.resolve({});
      }
    }
    for (const conversation of this.desk.conversations.values()) this.flush(conversation);
  }

  lose() {
    this.ready = false;
    for (const [id, question] of this.asked) {
      clearTimeout(question.timer);
      if (question.stillNeeded) continue;
      this.asked.delete(id);
      question.reject(new Refusal({reason: 'LINE_LOST', message: 'The connection was lost before the answer came.'}));
    }
    this.hooks.state('connecting');
  }

  refuse(why) {
    this.close();
    this.hooks.refused(why);
  }

  close() {
    this.ready = false;
    for (const question of this.asked.values()) clearTimeout(question.timer);
    this.link.stop();
    this.hooks.state('closed');
  }
}
