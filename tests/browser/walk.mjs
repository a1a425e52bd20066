// Usage: node walk.mjs FOLDER PROGRAM API PICTURES: where playwright-core is installed, the built programs, where screenshots go.
// Prints one line per step; exit code 0 only if each came out as it should.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkContrast, checkKeyboard, checkNames } from './access.mjs';
import { ask, beginLoad, endAll, giveUpAfter, startApi, startProxy, startRedis, token, until } from './programs.mjs';

const [folder, program, apiProgram, pictures] = process.argv.slice(2);
const loadSeconds = Number(process.env.LOAD_SECONDS ?? 4);
const patienceMs = 120_000 + loadSeconds * 1000;
const { chromium } = createRequire(pathToFileURL(join(folder, 'package.json')))('playwright-core');
const desktop = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };
const requests = [];
const complaints = [];
let failures = 0;

function step(what, good, otherwise = '') {
  failures += good ? 0 : 1;
  console.log(`${good ? 'ok    ' : 'FAILED'} ${what}${good || !otherwise ? '' : `: ${otherwise}`}`);
}

async function open(browser, address, options) {
  const page = await (await browser.newContext({ viewport: desktop, ...options })).newPage();
  page.on('request', request => requests.push(request.url()));
  page.on('console', message => { if (['error', 'warning'].includes(message.type())) { complaints.push(message.text()); } });
  page.on('pageerror', error => complaints.push(String(error)));
  page.on('dialog', dialog => dialog.accept());
  const answer = await page.goto(address);
  await page.locator('#state', { hasText: 'Live' }).waitFor();
  return { page, answer };
}

const shown = async (page, id) => Number((await page.locator(id).textContent()).replaceAll(/[^\d.]/g, ''));
const firstNumber = async (page, id) => Number((await page.locator(id).textContent()).replaceAll(',', '').match(/[\d.]+/)?.[0] ?? NaN);
const statistics = proxy => fetch(`${proxy.management}/statistics`).then(answer => answer.json());

async function figuresMove(page, proxy) {
  const before = await firstNumber(page, '#requests-start');
  const endLoad = beginLoad(proxy);
  await until('More requests on the page', async () => await firstNumber(page, '#requests-start') > before + 20);
  await new Promise(resolve => setTimeout(resolve, loadSeconds * 1000));
  await until('Copies on the page', async () => await shown(page, '#copies') > 0);
  await endLoad();
  const told = await until('Statistics at rest', async () => {
    const [one, two] = [await statistics(proxy), await statistics(proxy)];
    return one.sinceStart.total.requests === two.sinceStart.total.requests && two;
  });
  await until('The page shows all requests', async () => await firstNumber(page, '#requests-start') === told.sinceStart.total.requests);
  step('the page shows the requests that were made', told.sinceStart.total.requests > 20);
  step('the hit ratio is that of the statistics',
    Math.abs(await firstNumber(page, '#hit-ratio-start') - told.sinceStart.total.hitRatio * 100) < 0.06, await page.locator('#hit-ratio-start').textContent());
  step('so is what the API was saved', await firstNumber(page, '#saved-start') === told.sinceStart.total.apiRequestsSaved);
  step('outcomes are drawn', await page.locator('#outcomes-chart rect.hit').count() > 0 && await page.locator('#outcomes-chart rect.fill').count() > 0);
  step('the hit ratio is drawn', await page.locator('#ratio-chart circle').count() === 1);
  step('a chart says in words what it shows', /hit [1-9]/.test(await page.locator('#outcomes-text').textContent()));
  const latency = await page.locator('#latency tr').evaluateAll(rows => Object.fromEntries(rows.map(row => [row.cells[0].textContent, row.cells[2].textContent])));
  step('hit, fill, forward and Redis have latencies', ['hit', 'fill', 'forward', 'Redis'].every(name => /^[\d.]+ ms$/.test(latency[name])), JSON.stringify(latency));
  step('Redis and its breaker are shown', (await page.locator('#store-tile').textContent()) === 'StoreRedisBreaker closed', await page.locator('#store-tile').textContent());
  step('what was answered from copies is counted', told.sinceStart.total.fromCopies > 0);
  step('leases on copies are shown', await page.locator('#leases-part').isVisible() && /granted/.test(await page.locator('#leases').textContent()));
  step('pending evictions are shown', await shown(page, '#pending') === 0);
  const modes = await page.locator('#policies tr').evaluateAll(rows => Object.fromEntries(rows.map(row => [row.cells[0].textContent, row.cells[1].textContent])));
  step('each policy has its mode', modes.customer === 'On' && modes.pet === 'Shadow', JSON.stringify(modes));
  step('reasons are shown', /request-no-store/.test(await page.locator('#reasons').textContent()));
}

async function explains(page) {
  await page.locator('#explain [name=url]').fill('http://api.example.com/api/customers/1');
  await page.locator('#explain [name=headers]').fill('X-Tenant-Subdomain: demo');
  await page.locator('#explain [name=url]').press('Enter');
  await page.locator('#explanation pre').waitFor();
  const text = await page.locator('#explanation').textContent();
  step('a request is explained', text.includes('demo:customer:1') && text.includes('customer'), text);
}

async function purges(page, proxy) {
  const path = '/api/customers/2';
  await until('A hit', async () => /;\s*hit/.test(await ask(proxy, path)));
  const purge = async word => {
    await page.locator('#purge [name=url]').fill(`http://api.example.com${path}`);
    await page.locator('#purge [name=tenant]').fill('demo');
    await page.locator('#purge [name=token]').fill(word);
    await page.locator('#purge button').click();
    await page.locator('#purge button:not([aria-disabled])').waitFor();
    return await page.locator('#purged').textContent();
  };
  const refused = await purge('a-token-that-is-none-of-them');
  step('a wrong token purges nothing', refused.startsWith('401') && /;\s*hit/.test(await ask(proxy, path)), refused);
  const said = await purge(token);
  step('a purge says what it has done', said.includes('done'), said);
  step('what was purged is asked for again', !/;\s*hit/.test(await ask(proxy, path)));
  await page.locator('#events li', { hasText: '/purges' }).first().waitFor();
  step('the purge is among the changes', true);
  step('the token is kept nowhere', await page.evaluate(() => localStorage.length + sessionStorage.length + document.cookie.length) === 0);
  await page.locator('#purge [name=what]').selectOption('policy');
  await page.locator('#purge [name=policy]').selectOption('customer');
  await page.locator('#purge [name=tenant]').fill('');
  await page.locator('#purge button').click();
  await page.locator('#purged', { hasText: 'policy done' }).waitFor();
  step('all of a policy is purged', !/;\s*hit/.test(await ask(proxy, '/api/customers/1')));
}

async function staysAtHome(page, answer, proxy) {
  const violated = await page.evaluate(() => new Promise(resolve => {
    const seen = new Set();
    document.addEventListener('securitypolicyviolation', event => {
      seen.add(event.effectiveDirective);
      if (seen.size === 3) { resolve([...seen]); }
    });
    const script = document.createElement('script');
    try { script.textContent = 'document.title = "broken"'; document.body.append(script); } catch { /* Trusted types refuse it. */ }
    const picture = new Image();
    picture.src = location.origin + '/picture';
    fetch('http://127.0.0.1:9/').catch(() => {});
  }));
  step('the browser may load and run nothing else', violated.length === 3, violated.join());
  step('no other script has run', await page.title() === 'CacheProxy');
  const headers = answer.headers();
  step('its headers say so', headers['x-content-type-options'] === 'nosniff' && headers['referrer-policy'] === 'no-referrer'
    && /default-src 'none'.*frame-ancestors 'none'/.test(headers['content-security-policy']));
  complaints.splice(0, complaints.length, ...complaints.filter(text => !/Content Security Policy|TrustedScript|Trusted Type|violates the following/.test(text)));
  const elsewhere = requests.filter(url => !url.startsWith(proxy.management) && !url.startsWith('data:') && url !== 'http://127.0.0.1:9/');
  step('no request leaves the origin', elsewhere.length === 0, elsewhere.join());
}

async function looks(browser, proxy) {
  for (const colorScheme of ['light', 'dark']) {
    for (const [name, viewport] of Object.entries({ desktop, phone })) {
      const { page } = await open(browser, proxy.management, { viewport, colorScheme });
      const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      step(`${colorScheme} on a ${name}: the theme is the system's`, (Number(dark.match(/\d+/)[0]) < 128) === (colorScheme === 'dark'), dark);
      step(`${colorScheme} on a ${name}: nothing is wider than the screen`,
        await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      step(`${colorScheme} on a ${name}: figures are live`, await firstNumber(page, '#requests-start') > 20);
      const faint = await checkContrast(page);
      step(`${colorScheme} on a ${name}: every text can be read`, faint.length === 0, faint.join('\n'));
      await page.screenshot({ path: join(pictures, `${colorScheme}-${name}.png`), fullPage: true });
      await page.locator('#theme').selectOption(colorScheme === 'dark' ? 'light' : 'dark');
      step(`${colorScheme} on a ${name}: the switch turns it`, await page.evaluate(() => getComputedStyle(document.body).backgroundColor) !== dark);
      await page.context().close();
    }
  }
}

async function tellsOfTrouble(page, proxy, redis) {
  redis.child.kill('SIGKILL');
  await redis.gone;
  await ask(proxy, '/api/customers/3', { method: 'PUT', body: '{"firstName":"Late"}' });
  await page.locator('#store', { hasText: 'Redis is away' }).waitFor();
  await page.locator('#breaker', { hasText: 'Breaker open' }).waitFor();
  await page.locator('#pending-tile.bad').waitFor();
  await page.locator('#copies-tile.bad', { hasText: 'Channel closed' }).waitFor();
  await page.locator('#events li.Warning', { hasText: '3001' }).first().waitFor();
  step('Redis away, the open breaker, pending evictions, the closed channel and the event are shown', true);
  proxy.child.kill('SIGTERM');
  step('the program ends while a page is open', await proxy.gone === 0);
  await page.locator('#state', { hasText: /again|No connection|Every/ }).waitFor();
  step('the page says that it is not live', true);
}

giveUpAfter(patienceMs);
const guard = setTimeout(() => {
  console.error('FAILED: no end in time.');
  endAll('SIGKILL');
  process.exit(1);
}, patienceMs);
let browser;
try {
  const [redis, api] = await Promise.all([startRedis(folder), startApi(apiProgram, folder)]);
  const proxy = await startProxy(program, api, redis.address);
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const { page, answer } = await open(browser, proxy.management, {});
  page.setDefaultTimeout(patienceMs);
  await figuresMove(page, proxy);
  await explains(page);
  await purges(page, proxy);
  await looks(browser, proxy);
  await checkKeyboard(page, step);
  await checkNames(page, step);
  await staysAtHome(page, answer, proxy);
  const refusals = complaints.filter(text => text.includes('401'));
  step('the console has only the refused token', refusals.length === 1 && complaints.length === 1, complaints.join('\n'));
  await tellsOfTrouble(page, proxy, redis);
} catch (error) {
  failures++;
  console.error(`FAILED: ${error.stack}`);
} finally {
  clearTimeout(guard);
  await browser?.close();
  endAll();
}
console.log(failures === 0 ? 'The status page: all as it should be.' : `The status page: ${failures} FAILED.`);
process.exitCode = failures === 0 ? 0 : 1;
