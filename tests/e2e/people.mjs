// The people of the story, each at a browser page of their own.

const TIMEOUT_MS = 20_000;

// Waits until `condition` gives a true value, and returns it. A failure names what was waited for.
export async function until(what, condition) {
  const end = Date.now() + TIMEOUT_MS;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${TIMEOUT_MS / 1000} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

class Person {
  constructor(page, name, root) {
    this.page = page;
    this.name = name;
    this.root = root;  // The page itself, or the frame of the chat.
    page.on('pageerror', (error) => { this.error ??= error; });
  }
  part(id) {
    return this.root.getByTestId(id);
  }
  async text(id) {
    const part = this.part(id);
    return (await part.count()) ? (await part.first().innerText()).trim() : '';
  }
  async shown(id) {
    const part = this.part(id);
    return (await part.count()) > 0 && await part.first().isVisible();
  }
  sees(id) {
    return until(`${this.name} sees ${id}`, () => this.shown(id));
  }
  misses(id) {
    return until(`${this.name} no longer sees ${id}`, async () => !(await this.shown(id)));
  }
  reads(id, pattern) {
    return until(`${this.name} reads ${pattern} in ${id}`, async () => pattern.test(await this.text(id)));
  }
  async writes(text) {
    await this.part('message-input').fill(text);
    await this.part('message-send').click();
  }
  // Fails unless the conversation is exactly `texts`, notes apart: nothing lost, nothing doubled, in this order.
  async hasConversation(texts) {
    let seen = [];
    const same = async () => {
      seen = await this.conversation();
      return JSON.stringify(seen) === JSON.stringify(texts);
    };
    await until(`${this.name}'s transcript is right`, same).catch((problem) => {
      problem.message += `\n  expected ${JSON.stringify(texts)}\n  but has  ${JSON.stringify(seen)}`;
      throw problem;
    });
  }
  screenshot(folder, title) {
    return this.page.screenshot({path: `${folder}/${title}.png`});
  }
}

// An agent at the desk.
export class Agent extends Person {
  static async signIn(browser, address, id, options = {}) {
    const context = await browser.newContext({viewport: {width: 1360, height: 820}, reducedMotion: 'reduce', ...options});
    const page = await context.newPage();
    const agent = new Agent(page, id, page);
    await page.goto(`http://${address}/desk`);
    await agent.part('signin-agent').fill(id);
    await agent.part('signin-go').click();
    await agent.sees('presence');
    return agent;
  }
  conversation() {
    return this.page.locator('[data-testid=transcript] [data-testid=message-text]').allInnerTexts();
  }
  // How far the own message `text` has got, as the page marks it.
  async delivery(text) {
    const own = this.page.getByTestId('message').filter({hasText: text});
    return (await own.count()) ? own.first().getAttribute('data-delivery') : null;
  }
  // The offer of `customer`'s contact.
  offer(customer) {
    return this.page.getByTestId('offer-card').filter({hasText: customer});
  }
  async isOffered(customer) {
    await until(`${this.name} is offered ${customer}`, async () => await this.offer(customer).count() === 1);
    return this.offer(customer);
  }
  async accepts(customer) {
    await (await this.isOffered(customer)).getByTestId('offer-accept').click();
    await until(`${this.name} serves ${customer}`, async () =>
      await this.page.getByTestId('contact-item').filter({hasText: customer}).count() === 1);
  }
  async declines(customer, reason) {
    const offer = await this.isOffered(customer);
    await offer.getByTestId('offer-decline').click();
    await offer.getByTestId('offer-decline-reason').fill(reason);
    await offer.getByTestId('offer-decline-go').click();
    await until(`${this.name}'s offer is gone`, async () => await this.offer(customer).count() === 0);
  }
  // `warm`: goes on serving until the other has accepted.
  async transfers(target, reason, summary, {warm = false} = {}) {
    await this.part('transfer-open').click();
    await this.part('transfer-target').selectOption(target);
    await this.part('transfer-reason').fill(reason);
    await this.part('transfer-summary').fill(summary);
    await this.part('transfer-warm').setChecked(warm);
    await this.part('transfer-go').click();
    await this.misses('transfer-go');
  }
  async completes(disposition) {
    await this.part('complete-open').click();
    await this.part('disposition').selectOption(disposition);
    await this.part('complete-go').click();
    await this.sees('wrapup-done');
  }
  async wrapsUp() {
    await this.part('wrapup-done').click();
    await this.misses('wrapup-done');
  }
}

// A customer at the shop's page, with the chat that it embeds. `persona`: whom the shop vouches for, "" for nobody.
export class Customer extends Person {
  static async come(browser, address, name, persona = '', options = {}) {
    const context = await browser.newContext({viewport: {width: 1100, height: 780}, reducedMotion: 'reduce', ...options});
    const page = await context.newPage();
    const customer = new Customer(page, name, page.frameLocator('[data-testid=chat-frame]'));
    await page.goto(`http://${address}/${persona ? `?persona=${persona}` : ''}`);
    await page.getByTestId('chat-button').click();
    await customer.sees('form-name');
    return customer;
  }
  async asks(topic, question) {
    await this.part('form-name').fill(this.name);
    await this.part('form-topic').selectOption(topic);
    await this.part('form-text').fill(question);
    await this.part('form-start').click();
  }
  conversation() {
    return this.root.locator('[data-testid=transcript] .msg .text').allInnerTexts();
  }
  async delivery(text) {
    const own = this.root.locator('[data-testid=transcript] .msg.mine').filter({hasText: text});
    return (await own.count()) ? own.first().getAttribute('data-status') : null;
  }
}

// A supervisor at the wallboard.
export class Supervisor extends Person {
  static async look(browser, address, options = {}) {
    const context = await browser.newContext({viewport: {width: 1360, height: 900}, reducedMotion: 'reduce', ...options});
    const page = await context.newPage();
    await page.goto(`http://${address}/wallboard`);
    return new Supervisor(page, 'the supervisor', page);
  }
  async line() {
    return this.page.getByTestId('line-row').allInnerTexts();
  }
}
