// What an agent holds, as the router tells it. Plain data and rules: no DOM, no network.
import {instantOf} from './format.js';

const DELIVERIES = ['DELIVERY_UNSPECIFIED', 'DELIVERY_STORED', 'DELIVERY_DELIVERED', 'DELIVERY_SEEN'];
const further = (a, b) => (DELIVERIES.indexOf(a) >= DELIVERIES.indexOf(b) ? a : b);
const TYPING_LASTS_MS = 6_000;

// One contact in this agent's hands.
//   contact   as last told, context included, the transcript apart
//   messages  by sequence
//   outbox    this desk's own that are not known to be stored yet, oldest first:
//             {sourceId, text, state: 'waiting' | 'sent' | 'refused', problem}
class Conversation {
  constructor(contact) {
    this.name = contact.name;
    this.contact = {};
    this.messages = [];
    this.outbox = [];
    this.unread = 0;
    this.typingUntil = 0;
    this.reason = '';
    this.stand(contact);
  }

  // Takes over a newer state. Context comes with the first one and is left out afterwards.
  stand(contact) {
    const context = contact.context ?? this.contact.context ?? {};
    this.contact = {...contact, context};
    for (const message of context.transcript ?? []) this.put(message);
  }

  // Adds a message, or what is new about it. Returns whether it was not here before.
  put(message) {
    this.outbox = this.outbox.filter((own) => own.sourceId !== message.sourceId || !isOwnSide(message));
    const sequence = Number(message.sequence);
    let index = this.messages.length;
    while (index > 0 && Number(this.messages[index - 1].sequence) >= sequence) index -= 1;
    const there = this.messages[index];
    if (there && Number(there.sequence) === sequence) {
      this.messages[index] = {...message, delivery: further(there.delivery, message.delivery)};
      return false;
    }
    this.messages.splice(index, 0, message);
    return true;
  }

  // The customer's side got or read our messages up to a sequence.
  mark(sequence, delivery) {
    this.messages = this.messages.map((message) =>
      isOwnSide(message) && Number(message.sequence) <= sequence
        ? {...message, delivery: further(message.delivery, delivery)}
        : message);
  }

  get customerName() {
    const customer = this.contact.context?.customer ?? {};
    return customer.displayName || customer.id || 'Customer';
  }
  get lastCustomerSequence() {
    return Number(this.messages.findLast((message) => message.author === 'AUTHOR_CUSTOMER')?.sequence ?? 0);
  }
  // Somebody else is asked to take it; meanwhile it is served here.
  get isPassedOn() {
    return !this.wrapsUp && Boolean(this.contact.reservedUntil);
  }
  get wrapsUp() {
    return this.contact.state === 'STATE_WRAP_UP';
  }
}

export const isOwnSide = (message) => message.author === 'AUTHOR_AGENT' || message.author === 'AUTHOR_BOT';

export class DeskState {
  constructor() {
    this.agent = null;
    this.offers = new Map();
    this.conversations = new Map();
    this.agents = [];
    this.queues = [];
    this.clockOffset = 0;  // Server time less ours.
  }

  now() {
    return Date.now() + this.clockOffset;
  }

  // Takes one WorkResponse in, and returns what a person should be told of: a list of {kind, ...}.
  apply(response) {
    if (response.picture) return this.takePicture(response.picture);
    if (response.agent) return this.takeAgent(response.agent);
    if (response.offer) return this.takeOffer(response.offer);
    if (response.offerClosed) return this.closeOffer(response.offerClosed);
    if (response.contact) return this.takeContact(response.contact);
    if (response.released) return this.release(response.released);
    if (response.message) return this.takeMessage(response.message);
    const conversation = this.conversations.get((response.typing ?? response.delivery)?.contact);
    if (conversation && response.typing) {
      conversation.typingUntil = response.typing.on ? Date.now() + TYPING_LASTS_MS : 0;
    } else if (conversation && response.delivery) {
      conversation.mark(Number(response.delivery.sequence ?? 0), response.delivery.delivery);
    }
    return [];
  }

  takePicture(picture) {
    this.agent = picture.agent ?? this.agent;
    this.agents = picture.agents ?? [];
    this.queues = picture.queues ?? [];
    if (picture.serverTime) this.clockOffset = instantOf(picture.serverTime) - Date.now();
    const known = this.conversations;
    this.conversations = new Map();
    for (const contact of picture.contacts ?? []) {
      const conversation = known.get(contact.name);
      conversation?.stand(contact);
      this.conversations.set(contact.name, conversation ?? new Conversation(contact));
    }
    const offered = new Set(this.offers.keys());
    this.offers = new Map((picture.offers ?? []).map((offer) => [offer.name, offer]));
    return [...this.offers.values()].filter((offer) => !offered.has(offer.name))
      .map((offer) => ({kind: 'offered', offer}));
  }

  takeAgent(agent) {
    if (!this.agent || agent.name === this.agent.name) this.agent = agent;
    return [];
  }

  takeOffer(offer) {
    const news = !this.offers.has(offer.name);
    this.offers.set(offer.name, offer);
    return news ? [{kind: 'offered', offer}] : [];
  }

  closeOffer({offer: name, state, reason}) {
    const offer = this.offers.get(name);
    this.offers.delete(name);
    if (!offer) return [];
    if (state === 'STATE_ACCEPTED') {
      const conversation = this.conversations.get(offer.contact.name);
      if (conversation) conversation.reason ||= offer.reason ?? '';
      else this.accepted = offer;  // The contact itself is about to follow.
    }
    return [{kind: 'offer-closed', offer, state, reason}];
  }

  takeContact(contact) {
    if (contact.state === 'STATE_ENDED') return this.release({contact: contact.name, reason: 'ended'});
    const conversation = this.conversations.get(contact.name);
    if (conversation) {
      const wrappedUp = conversation.wrapsUp;
      conversation.stand(contact);
      if (conversation.wrapsUp && !wrappedUp) return [{kind: 'wrap-up', conversation}];
      return (contact.life ?? []).map(({text}) => ({kind: 'step', conversation, text}));
    }
    // A dormant one goes on all the same.
    if (!['STATE_ACTIVE', 'STATE_DORMANT', 'STATE_WRAP_UP'].includes(contact.state)) return [];
    const made = new Conversation(contact);
    const offer = [...this.offers.values(), this.accepted].find((one) => one?.contact.name === contact.name);
    made.reason = offer?.reason ?? '';
    if (offer && !contact.context) made.stand({...contact, context: offer.contact.context});
    this.conversations.set(contact.name, made);
    return [{kind: 'begun', conversation: made}];
  }

  release({contact, reason}) {
    const conversation = this.conversations.get(contact);
    this.conversations.delete(contact);
    return conversation ? [{kind: 'released', conversation, reason}] : [];
  }

  takeMessage(message) {
    const conversation = this.conversations.get(message.contact);
    if (!conversation) return [];
    if (!conversation.put(message)) return [];
    if (message.author !== 'AUTHOR_CUSTOMER') return [];
    conversation.typingUntil = 0;
    conversation.unread += 1;
    return [{kind: 'message', conversation, message}];
  }
}
