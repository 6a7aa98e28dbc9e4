// The main job, from a customer's browser to the right agent and back, through crashes of both daemons.
//
// usage: story.mjs --programs DIR --output DIR --chromium FILE
import assert from 'node:assert/strict';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {chromium} from 'playwright-core';
import {Daemon} from './daemon.mjs';
import {Agent, Customer, Supervisor, until} from './people.mjs';

const {values: {programs, output, chromium: browserFile}} = parseArgs({
  options: {programs: {type: 'string'}, output: {type: 'string'}, chromium: {type: 'string'}},
});
const root = fileURLToPath(new URL('../..', import.meta.url));
const pictures = join(output, 'screenshots');
mkdirSync(pictures, {recursive: true});
const home = mkdtempSync(join(tmpdir(), 'routerd-e2e-'));

// The demo's own configuration, but for one chat an agent, so that a line forms, and less patience with offers.
function configure() {
  const original = readFileSync(join(root, 'config/dev.yaml'), 'utf8');
  const changed = original.replaceAll('webchat: 3', 'webchat: 1').replaceAll('offer_timeout: 20s', 'offer_timeout: 8s')
    .replaceAll('misses_max: 2', 'misses_max: 3');
  assert.notEqual(changed, original);
  writeFileSync(join(home, 'routerd.yaml'), changed);
}

configure();
const anyPort = '127.0.0.1:0';
const routerd = new Daemon(join(programs, 'routerd'), join(output, 'routerd.log'), ({grpc, http}) => [
  '--config', join(home, 'routerd.yaml'), '--data', join(home, 'routerd'),
  '--grpc-address', grpc ?? anyPort, '--http-address', http ?? anyPort]);
const adapterd = new Daemon(join(programs, 'adapterd'), join(output, 'adapterd.log'), ({chat}) => [
  '--config', join(root, 'config/adapters.dev.yaml'), '--data', join(home, 'adapterd'),
  '--routerd', routerd.ready.grpc, '--listen', chat ?? anyPort]);

const started = Date.now();
let current = '';
async function chapter(title, tell) {
  current = title;
  const from = Date.now();
  await tell();
  console.log(`ok   ${title} (${((Date.now() - from) / 1000).toFixed(1)} s)`);
}

const people = [];
const meet = async (person) => {
  people.push(await person);
  return people.at(-1);
};
const waits = async (customer, place) => customer.reads('place', new RegExp(`^${place}$`));

async function story(browser) {
  await routerd.start();
  await adapterd.start();
  const desk = routerd.ready.http;
  const chat = adapterd.ready.chat;
  let ana, bo, cleo, emil, gold, dan, supervisor;

  await chapter('two agents sign in, a supervisor watches', async () => {
    ana = await meet(Agent.signIn(browser, desk, 'ana'));
    bo = await meet(Agent.signIn(browser, desk, 'bo', {colorScheme: 'dark'}));
    supervisor = await meet(Supervisor.look(browser, desk));
    await until('the wallboard shows both', async () => await supervisor.part('agent').count() === 2);
    await ana.part('presence').selectOption('away:lunch');
    await until('the wallboard shows Ana at lunch', async () =>
      /away · lunch/.test((await supervisor.part('agent').allInnerTexts()).join()));
    await ana.part('presence').selectOption('available');
    await until('the wallboard shows Ana back', async () =>
      !/away/.test((await supervisor.part('agent').allInnerTexts()).join()));
    await ana.screenshot(pictures, 'desk-idle');
  });

  const question = 'Where is parcel 42? It should have come on Monday.';
  await chapter('a customer asks, and the expert is offered it with its context', async () => {
    cleo = await meet(Customer.come(browser, chat, 'Cleo'));
    await cleo.screenshot(pictures, 'chat-form');
    await cleo.asks('Orders', question);
    const offer = await bo.isOffered('Cleo');
    await until('Bo reads what Cleo wrote', async () => (await offer.innerText()).includes(question));
    assert.match(await offer.getByTestId('offer-topic').innerText(), /Orders/);
    assert.match(await offer.getByTestId('offer-why').innerText(), /\w{3}/);
    assert.match(await offer.getByTestId('offer-countdown').innerText(), /^[1-8]$/);
    assert.match(await bo.page.title(), /^\(1\)/);
    await bo.screenshot(pictures, 'desk-offer-dark');
  });

  await chapter('nobody answers: it goes on to the next agent', async () => {
    await ana.isOffered('Cleo');
    assert.equal(await bo.offer('Cleo').count(), 0);
    await ana.accepts('Cleo');
    await cleo.reads('status', /Ana/);
  });

  await chapter('they chat both ways, with typing and marks', async () => {
    await cleo.part('message-input').pressSequentially('Hello?');
    await ana.sees('typing');
    await cleo.part('message-send').click();
    await ana.hasConversation([question, 'Hello?']);
    await ana.part('message-input').pressSequentially('Good morning Cleo, I am looking.');
    await cleo.reads('typing', /Ana/);
    await ana.part('message-send').click();
    await cleo.hasConversation([question, 'Hello?', 'Good morning Cleo, I am looking.']);
    await until('Cleo sees that her question was read', async () => await cleo.delivery('Hello?') === 'seen');
    await until('Ana sees that her answer was read', async () => await ana.delivery('I am looking.') === 'seen');
    await ana.screenshot(pictures, 'desk-chat');
    await cleo.screenshot(pictures, 'chat-room');
  });

  const summary = 'Parcel 42, due Monday, not seen since the depot. Cleo wants to know where it is.';
  await chapter('Ana passes Cleo on to Bo, who knows all of it', async () => {
    await ana.transfers('agents/bo', 'Needs the depot', summary);
    const offer = await bo.isOffered('Cleo');
    await until('the offer tells the summary', async () => (await offer.innerText()).includes(summary));
    await bo.screenshot(pictures, 'desk-offer-transferred-dark');
    await bo.accepts('Cleo');
    await bo.hasConversation([question, 'Hello?', 'Good morning Cleo, I am looking.']);
    await bo.reads('transfer-note', /not seen since the depot/);
    await bo.reads('transfer-chain', /ana.*bo.*Needs the depot/s);
    await bo.writes('Bo here. The depot has it.');
    await cleo.hasConversation([question, 'Hello?', 'Good morning Cleo, I am looking.', 'Bo here. The depot has it.']);
  });

  await chapter('Bo asks Ana to take Cleo, and goes on with her when Ana declines', async () => {
    await bo.transfers('agents/ana', 'Needs billing', 'Cleo asks for a refund.', {warm: true});
    const offer = await ana.isOffered('Cleo');
    await until('the offer tells the summary', async () => (await offer.innerText()).includes('Cleo asks for a refund.'));
    await bo.reads('contact-state', /Waits for ana/);
    await bo.screenshot(pictures, 'desk-warm-transfer-dark');
    await cleo.reads('status', /Bo/);
    await ana.declines('Cleo', 'Not my field');
    await bo.misses('contact-state');
  });

  await chapter('both are busy: who comes next sees place and wait', async () => {
    dan = await meet(Customer.come(browser, chat, 'Dan'));
    await dan.asks('Billing', 'My invoice is wrong.');
    await ana.accepts('Dan');
    emil = await meet(Customer.come(browser, chat, 'Emil'));
    await emil.asks('Orders', 'Can I change the address?');
    await waits(emil, 1);
    await emil.reads('wait', /min|minute|h/);
    await emil.screenshot(pictures, 'chat-line');
  });

  await chapter('a gold customer comes later and stands before', async () => {
    gold = await meet(Customer.come(browser, chat, 'Goldie', 'gold-demo'));
    await gold.asks('Orders', 'I need it tomorrow.');
    await waits(gold, 1);
    await waits(emil, 2);
    await until('the wallboard shows the line', async () => {
      const line = await supervisor.line();
      return line.length === 2 && /Gold VIP/.test(line[0]) && !/VIP/.test(line[1]);
    });
    await supervisor.part('why').nth(1).click();
    await supervisor.reads('explain-summary', /place 2/i);
    await supervisor.reads('explain', /ana/i);
    await supervisor.screenshot(pictures, 'wallboard-explain');
    await supervisor.page.keyboard.press('Escape');
    await supervisor.misses('explain-summary');
    await supervisor.screenshot(pictures, 'wallboard');
  });

  await chapter('Ana completes, wraps up, and gets the gold customer', async () => {
    await ana.completes('corrected');
    await dan.sees('start-again');
    await ana.screenshot(pictures, 'desk-wrap-up');
    await ana.wrapsUp();
    const offer = await ana.isOffered('Gold demo customer');
    assert.equal(await ana.offer('Emil').count(), 0);
    assert.match(await offer.getByTestId('vip').innerText(), /Gold/);
    await waits(emil, 1);
  });

  const soFar = [question, 'Hello?', 'Good morning Cleo, I am looking.', 'Bo here. The depot has it.'];
  await chapter('routerd is killed: offer, line and chats are there again', async () => {
    await routerd.kill();
    await bo.sees('banner');
    await ana.sees('banner');
    await cleo.writes('Thank you! When will it come?');
    await bo.writes('Tomorrow before noon.');
    await until('Bo sees that it waits', async () => ['waiting', 'sent'].includes(await bo.delivery('Tomorrow before noon.')));
    await bo.screenshot(pictures, 'desk-reconnecting-dark');
    await supervisor.sees('banner');
    await routerd.start();
    for (const one of [ana, bo, supervisor]) await one.misses('banner');
    await ana.accepts('Gold demo customer');
    await until('Emil still waits', async () => (await supervisor.line()).length === 1);
    await waits(emil, 1);
    await until('Bo has Cleo\'s message', async () => (await bo.conversation()).includes('Thank you! When will it come?'));
    await until('Cleo has Bo\'s message', async () => (await cleo.conversation()).includes('Tomorrow before noon.'));
    await cleo.misses('banner');
    const both = (await bo.conversation()).slice(soFar.length);
    assert.deepEqual([...both].sort(), ['Thank you! When will it come?', 'Tomorrow before noon.']);
    await bo.hasConversation([...soFar, ...both]);
    assert.deepEqual([...await cleo.conversation()].sort(), [...soFar, ...both].sort());
    soFar.push(...both);
  });

  await chapter('adapterd is killed in mid-chat: nothing is lost or doubled', async () => {
    await adapterd.kill();
    await cleo.sees('banner');
    await cleo.writes('Are you still there?');
    await bo.writes('It is on the van already.');
    await until('routerd has Bo\'s message', async () => await bo.delivery('It is on the van already.') === 'stored');
    await cleo.screenshot(pictures, 'chat-reconnecting');
    await adapterd.start();
    await cleo.misses('banner');
    await until('Bo has Cleo\'s message', async () => (await bo.conversation()).includes('Are you still there?'));
    await until('Cleo has Bo\'s message', async () => (await cleo.conversation()).includes('It is on the van already.'));
    const both = (await bo.conversation()).slice(soFar.length);
    assert.deepEqual([...both].sort(), ['Are you still there?', 'It is on the van already.']);
    await bo.hasConversation([...soFar, ...both]);
    assert.deepEqual([...await cleo.conversation()].sort(), [...soFar, ...both].sort());
    await until('Bo sees that Cleo read it', async () => await bo.delivery('It is on the van already.') === 'seen');
    await waits(emil, 1);
    await gold.reads('status', /Ana/);
  });

  await chapter('Bo completes, and the one who waited is served', async () => {
    await bo.completes('answered');
    await cleo.sees('start-again');
    await bo.wrapsUp();
    await bo.accepts('Emil');
    await bo.writes('Which address shall it be?');
    await emil.hasConversation(['Can I change the address?', 'Which address shall it be?']);
    await until('nobody waits', async () => (await supervisor.line()).length === 0);
    await supervisor.screenshot(pictures, 'wallboard-end');
  });

  await chapter('a hold and a reload of the desk lose nothing', async () => {
    await bo.part('hold').click();
    await bo.reads('contact-state', /On hold/);
    await bo.page.reload();
    await bo.reads('contact-state', /On hold/);
    await bo.hasConversation(['Can I change the address?', 'Which address shall it be?']);
    await bo.part('hold').click();
    await bo.misses('contact-state');
  });

  await chapter('a declined offer goes to the next agent with room', async () => {
    await ana.completes('answered');
    await ana.wrapsUp();
    const fay = await meet(Customer.come(browser, chat, 'Fay'));
    await fay.asks('Orders', 'How do I send it back?');
    await ana.declines('Fay', 'Not my field');
    await waits(fay, 1);
    await bo.completes('order changed');
    await bo.wrapsUp();
    await bo.accepts('Fay');
  });

  await chapter('both daemons stop when told', async () => {
    assert.equal(await adapterd.stop(), 0);
    assert.equal(await routerd.stop(), 0);
  });
  for (const {name, error} of people) assert.equal(error, undefined, `${name}'s page: ${error?.stack}`);
}

const browser = await chromium.launch({
  executablePath: browserFile,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  await story(browser);
  console.log(`passed in ${((Date.now() - started) / 1000).toFixed(1)} s; screenshots in ${pictures}`);
} catch (problem) {
  console.error(`FAIL ${current}\n${problem.stack}`);
  for (const [index, page] of browser.contexts().flatMap((context) => context.pages()).entries()) {
    await page.screenshot({path: join(pictures, `failed-${index + 1}.png`)}).catch(() => {});
  }
  console.error(`logs and screenshots in ${output}; data in ${home}`);
  process.exitCode = 1;
} finally {
  await browser.close();
  if (!process.exitCode) rmSync(home, {recursive: true});
}
process.exit();
