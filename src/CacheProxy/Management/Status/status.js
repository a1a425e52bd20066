'use strict';
// Everything that is shown is set as text: nothing that a log, a policy or an API says becomes markup.
const outcomes = ['hit', 'stale', 'collapsed', 'fill', 'forward'];
const at = id => document.getElementById(id);
const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const percent = ratio => ratio === null || ratio === undefined ? '–' : short.format(ratio * 100) + ' %';
const bytes = count => short.format(count / 1048576) + ' MiB';
const duration = seconds => seconds < 90 ? number.format(seconds) + ' s' : seconds < 5400 ? number.format(seconds / 60) + ' min'
  : seconds < 172800 ? short.format(seconds / 3600) + ' h' : number.format(seconds / 86400) + ' days';
const milliseconds = value => value === null || value === undefined ? '–'
  : (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : number.format(value)) + ' ms';

// Only what changes is touched, so that neither a selection nor a screen reader's place is lost.
function say(id, text) {
  const element = typeof id === 'string' ? at(id) : id;
  if (element.textContent !== text) { element.textContent = text; }
}

function build(made, attributes, text) {
  for (const [key, value] of Object.entries(attributes || {})) { made.setAttribute(key, value); }
  if (text !== undefined) { made.textContent = text; }
  return made;
}
const element = (name, attributes, text) => build(document.createElement(name), attributes, text);
const shape = (name, attributes, text) => build(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, text);

// The first cell of a row names it; one that starts with # is a number.
function rows(id, list) {
  const body = at(id);
  while (body.rows.length > list.length) { body.deleteRow(-1); }
  list.forEach((cells, i) => {
    const row = body.rows[i] || body.insertRow();
    cells.forEach((cell, j) => {
      const isNumber = cell.startsWith('#');
      if (!row.cells[j]) {
        row.append(element(j === 0 ? 'th' : 'td', j === 0 ? { scope: 'row' } : isNumber ? { class: 'number' } : {}));
      }
      say(row.cells[j], isNumber ? cell.slice(1) : cell);
    });
  });
}

function showNow(figures) {
  const recent = figures.recent, start = figures.sinceStart;
  say('version', figures.version);
  say('span', recent.seconds > 0 ? 'the last ' + duration(recent.seconds) : 'the last minutes are not known yet');
  say('hit-ratio', percent(recent.total.hitRatio));
  say('hit-ratio-start', percent(start.total.hitRatio) + ' since the start');
  say('rate', recent.seconds > 0 ? short.format(recent.total.requests / recent.seconds) : '–');
  say('requests-start', number.format(start.total.requests) + ' in ' + duration(start.seconds));
  say('saved', number.format(recent.total.apiRequestsSaved));
  say('saved-start', number.format(start.total.apiRequestsSaved) + ' since the start');
  const isRedis = figures.store.kind === 'redis';
  say('store', isRedis ? (figures.store.available ? 'Redis' : 'Redis is away') : 'In memory');
  say('breaker', isRedis ? 'Breaker ' + figures.store.breaker : 'Of this process alone');
  at('store-tile').className = figures.store.available ? 'good' : 'bad';
  say('pending', number.format(figures.evictionsPending));
  at('pending-tile').className = figures.evictionsPending > 0 ? 'bad' : 'good';
  say('waiting', number.format(figures.waiting.forAnotherFill + figures.waiting.forAPlaceAtTheApi) + ' requests wait for a fill');
  say('copies', number.format(figures.copiesHeld));
  say('copies-share', figures.channelClosed ? 'Channel closed: nothing is held'
    : percent(recent.total.outcomes.hit ? recent.total.fromCopies / recent.total.outcomes.hit : null) + ' of hits');
  at('copies-tile').className = figures.channelClosed ? 'bad' : '';
  say('memory', bytes(figures.memory.residentBytes));
  say('memory-parts', bytes(figures.memory.copyBytes) + ' of copies, ' + bytes(figures.memory.heldBytes) + ' of bodies under way');
}

function showTables(figures) {
  const recent = figures.recent;
  const latency = (name, of) => [name, '#' + number.format(of ? of.count : 0), '#' + milliseconds(of && of.p50Ms), '#' + milliseconds(of && of.p99Ms)];
  const names = ['hit', 'fill', 'forward', ...Object.keys(recent.total.latency).filter(name => !['hit', 'fill', 'forward'].includes(name))];
  rows('latency', [...names.map(name => latency(name, recent.total.latency[name])), latency('Redis', recent.store.all),
    ...(recent.copies.wait.count ? [latency('wait for holders', recent.copies.wait)] : [])]);
  const reasons = [
    ...Object.entries(recent.total.forwards).map(([word, count]) => ['Forwarded', word, count]),
    ...Object.entries(recent.total.fills.reasons).map(([word, count]) => ['Not stored', word, count]),
    ...Object.entries(recent.upstreamFailures).map(([word, count]) => ['API', word, count]),
  ].sort((left, right) => right[2] - left[2]).slice(0, 10);
  rows('reasons', reasons.length ? reasons.map(([what, word, count]) => [what, word, '#' + number.format(count)]) : [['Nothing', 'in the last minutes', '#0']]);
  const leases = (what, counts) => Object.entries(counts).map(([word, count]) => [what, word, '#' + number.format(count)]);
  const sum = counts => Object.values(counts).reduce((all, count) => all + count, 0);
  at('leases-part').hidden = figures.copiesHeld + sum(figures.sinceStart.copies.holds) + sum(figures.sinceStart.copies.waits) === 0;
  rows('leases', [...leases('Asked for', recent.copies.holds), ...leases('Given back', recent.copies.releases), ...leases('Answers that waited', recent.copies.waits)]);
  rows('policies', figures.policies.map(policy => {
    const of = recent.policies[policy.name];
    const count = value => '#' + number.format(value || 0);
    return [policy.name, policy.mode, count(of && of.requests), '#' + percent(of && of.hitRatio), count(of && of.apiRequestsSaved),
      count(of && of.fills.stored), count(of && of.fills.notStored), count(of && of.outcomes.forward),
      count(of && sum(of.writes)), '#' + milliseconds(of && of.latency.hit && of.latency.hit.p99Ms)];
  }));
  for (const row of at('policies').rows) {
    if (!row.cells[1].firstElementChild || row.cells[1].firstElementChild.className !== 'mode ' + row.cells[1].textContent) {
      const mode = row.cells[1].textContent;
      row.cells[1].replaceChildren(element('span', { class: 'mode ' + mode }, mode));
    }
  }
  at('tenants-part').hidden = !recent.tenants;
  rows('tenants', Object.entries(recent.tenants || {}).map(([name, of]) =>
    [name === '*' ? 'all others' : name, '#' + number.format(of.requests), '#' + percent(of.hitRatio), '#' + number.format(of.outcomes.forward)]));
  choosePolicies(figures.policies);
}

function showCharts(course, recent) {
  const whole = Math.max(300, course.reduce((sum, piece) => sum + piece.seconds, 0));
  const total = piece => outcomes.reduce((sum, outcome) => sum + (piece.outcomes[outcome] || 0), 0);
  const top = Math.max(1, ...course.map(piece => total(piece) / piece.seconds));
  const bars = at('outcomes-chart'), ratio = at('ratio-chart'), points = [];
  // In the screen's own pixels, so that texts are as large on a phone.
  const right = frame(bars, short.format(top) + '/s', '0', whole);
  frame(ratio, '100 %', '0 %', whole);
  const room = (right - left) / whole;
  let x = right - room * course.reduce((sum, piece) => sum + piece.seconds, 0);
  for (const piece of course) {
    const width = room * piece.seconds;
    let y = 170;
    for (const outcome of outcomes) {
      const height = 155 * (piece.outcomes[outcome] || 0) / piece.seconds / top;
      if (height > 0) {
        bars.append(shape('rect', { class: outcome, x: x.toFixed(1), y: (y -= height).toFixed(1), width: Math.max(.5, width - 1).toFixed(1), height: height.toFixed(1) }));
      }
    }
    if (total(piece) > 0) {
      const answered = (piece.outcomes.hit || 0) + (piece.outcomes.stale || 0) + (piece.outcomes.collapsed || 0);
      points.push([(x + width / 2).toFixed(1), (170 - 155 * answered / total(piece)).toFixed(1)]);
    }
    x += width;
  }
  if (points.length > 1) { ratio.append(shape('polyline', { class: 'line', points: points.join(' ') })); }
  if (points.length > 0) { ratio.append(shape('circle', { class: 'dot', cx: points.at(-1)[0], cy: points.at(-1)[1], r: 4 })); }
  const counts = outcomes.map(outcome => [outcome, recent.total.outcomes[outcome] || 0]);
  say('outcomes-text', 'Requests of the last minutes by outcome: ' + counts.map(([outcome, count]) => outcome + ' ' + number.format(count)).join(', '));
  say('ratio-text', 'Hit ratio of the last minutes: ' + percent(recent.total.hitRatio));
  for (const [i, [outcome, count]] of counts.entries()) {
    if (!at('outcomes').children[i]) {
      const key = shape('svg', { viewBox: '0 0 10 10', 'aria-hidden': 'true' });
      key.append(shape('rect', { class: outcome, width: 10, height: 10, rx: 2 }));
      const entry = element('li');
      entry.append(key, element('span'));
      at('outcomes').append(entry);
    }
    say(at('outcomes').children[i].lastElementChild, outcome + ' ' + number.format(count));
  }
}

// The title, which says in words what the chart shows, stays. Returns where it ends.
const left = 50;
function frame(chart, top, bottom, whole) {
  const right = Math.max(200, chart.clientWidth);
  chart.setAttribute('viewBox', '0 0 ' + right + ' 200');
  chart.replaceChildren(
    chart.querySelector('title'),
    ...[15, 92.5, 170].map(y => shape('line', { class: 'grid', x1: left, x2: right, y1: y, y2: y })),
    shape('text', { x: left - 6, y: 19, 'text-anchor': 'end' }, top),
    shape('text', { x: left - 6, y: 174, 'text-anchor': 'end' }, bottom),
    shape('text', { x: left, y: 192 }, duration(whole) + ' ago'),
    shape('text', { x: right, y: 192, 'text-anchor': 'end' }, 'now'));
  return right;
}

let shownEvents = '';
function showEvents(events) {
  const all = JSON.stringify(events);
  if (all === shownEvents) { return; }
  shownEvents = all;
  at('events').replaceChildren(...events.map(event => {
    const entry = element('li', { class: event.level });
    entry.append(
      element('time', { datetime: event.at }, new Date(event.at).toLocaleString([], { dateStyle: 'short', timeStyle: 'medium' })),
      element('span', { class: 'level' }, event.level + ' ' + event.id),
      element('span', {}, event.text + (event.times > 1 ? ' (' + event.times + ' times)' : '')));
    return entry;
  }));
}

function show(figures) {
  showNow(figures);
  showTables(figures);
  showCharts(figures.course.filter(piece => piece.seconds >= 1), figures.recent);
  showEvents(figures.events);
}

function choosePolicies(policies) {
  const select = at('purge').elements.policy;
  const names = policies.map(policy => policy.name);
  if (Array.from(select.options, option => option.value).join('\n') !== names.join('\n')) {
    const chosen = select.value;
    select.replaceChildren(...names.map(name => element('option', { value: name }, name)));
    if (names.includes(chosen)) { select.value = chosen; }
  }
}

function beLive(live, text) {
  at('state').className = live ? 'live' : '';
  say('state', text);
}

let source = null, poll = 0;
function listen() {
  clearInterval(poll);
  if (source) { source.close(); }
  source = new EventSource('events');
  source.addEventListener('figures', event => { beLive(true, 'Live'); show(JSON.parse(event.data)); });
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) { beLive(false, 'Connecting again'); return; }
    // Refused: too many pages are open. The figures can still be asked for.
    beLive(false, 'Every 10 seconds');
    clearInterval(poll);
    poll = setInterval(ask, 10000);
    ask();
  };
}

async function ask() {
  try {
    const answer = await fetch('statistics');
    if (!answer.ok) { throw new Error(); }
    beLive(false, 'Every 10 seconds');
    show(await answer.json());
  } catch {
    beLive(false, 'No connection');
  }
}

function unlisten() {
  clearInterval(poll);
  if (source) { source.close(); source = null; }
  beLive(false, 'Paused');
}

function result(id, text, good) {
  at(id).replaceChildren(element('pre', { class: good ? 'result' : 'result bad', tabindex: '0' }, text));
}

// One at a time; the button stays where it is for the keyboard.
function onSubmit(form, act, resultId) {
  const button = form.querySelector('button');
  form.addEventListener('submit', async event => {
    event.preventDefault();
    if (button.getAttribute('aria-disabled') === 'true') { return; }
    button.setAttribute('aria-disabled', 'true');
    try {
      await act(form.elements);
    } catch {
      result(resultId, 'The program does not answer.', false);
    } finally {
      button.removeAttribute('aria-disabled');
    }
  });
}

async function problem(answer) {
  const text = await answer.text();
  try {
    const said = JSON.parse(text);
    return answer.status + ' ' + said.title + '\n' + said.detail;
  } catch {
    return answer.status + ' ' + text;
  }
}

async function explain(fields) {
  const query = new URLSearchParams({ method: fields.method.value.trim(), url: fields.url.value.trim() });
  for (const line of fields.headers.value.split('\n')) {
    if (line.trim()) { query.append('header', line.trim()); }
  }
  const answer = await fetch('explain?' + query, { headers: { Accept: 'text/plain' } });
  result('explanation', answer.ok ? await answer.text() : await problem(answer), answer.ok);
}

async function purge(fields) {
  const what = fields.what.value, wanted = { mode: fields.mode.value };
  for (const label of at('purge').querySelectorAll('[data-for]')) {
    const field = label.querySelector('input, select');
    if (!label.hidden && field.value.trim()) { wanted[field.name] = field.value.trim(); }
  }
  if ((what === 'tenant' || what === 'policy') && !confirm('Purge all of ' + what + ' ' + (wanted[what] || '') + '?')) { return; }
  const headers = { Authorization: 'Bearer ' + fields.token.value };
  let answer = await fetch('purges', { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(wanted) });
  for (;;) {
    if (!answer.ok) { result('purged', await problem(answer), false); return; }
    const run = await answer.json();
    result('purged', run.kind + ' ' + run.state + ': ' + number.format(run.resources) + (run.resources === 1 ? ' resource' : ' resources'), run.state === 'done' || run.state === 'running');
    if (run.state !== 'running') { return; }
    await new Promise(resolve => setTimeout(resolve, 1000));
    answer = await fetch('purges/' + encodeURIComponent(run.id));
  }
}

function showFields() {
  const what = at('purge').elements.what.value;
  for (const label of at('purge').querySelectorAll('[data-for]')) {
    label.hidden = !label.dataset.for.split(' ').includes(what);
    label.querySelector('input, select').required = !label.hidden && (label.querySelector('input, select').name === what || what === 'key');
  }
  const soft = at('purge').elements.mode.options[1];
  soft.disabled = what === 'tag';
  if (soft.disabled) { at('purge').elements.mode.value = 'Hard'; }
}

at('theme').addEventListener('change', event => { document.documentElement.dataset.theme = event.target.value; });
at('purge').elements.what.addEventListener('change', showFields);
onSubmit(at('explain'), explain, 'explanation');
onSubmit(at('purge'), purge, 'purged');
document.addEventListener('visibilitychange', () => document.hidden ? unlisten() : listen());
showFields();
listen();
