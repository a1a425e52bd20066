// What people need who use a keyboard or a screen reader, or see little.

// Texts with less contrast to what is behind them than WCAG 2.2 AA asks for.
export function checkContrast(page) {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgb = color => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return canvas.getImageData(0, 0, 1, 1).data;
    };
    const luminance = ([r, g, b]) => [r, g, b].map(part => part / 255)
      .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
      .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = element => {
      for (let at = element; at; at = at.parentElement) {
        const color = rgb(getComputedStyle(at).backgroundColor);
        if (color[3] === 255) { return color; }
      }
      return [255, 255, 255];
    };
    const faint = new Set();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      const style = getComputedStyle(element);
      if (!texts.currentNode.textContent.trim() || !element.checkVisibility() || ['SCRIPT', 'STYLE', 'NOSCRIPT', 'title', 'OPTION'].includes(element.tagName)) { continue; }
      const color = element instanceof SVGElement ? style.fill : style.color;
      const [dark, light] = [luminance(rgb(color)), luminance(behind(element))].sort((left, right) => left - right);
      const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
      const contrast = (light + 0.05) / (dark + 0.05);
      if (contrast < (isLarge ? 3 : 4.5)) { faint.add(`${contrast.toFixed(2)} ${element.tagName} "${texts.currentNode.textContent.trim()}"`); }
    }
    return [...faint];
  });
}

// Tab from the top to the end comes by everything that can be used, and each shows that it has the focus.
export async function checkKeyboard(page, step) {
  const usable = await page.evaluate(() => {
    document.activeElement?.blur();
    window.scrollTo(0, 0);
    getSelection().removeAllRanges();
    const all = [...document.querySelectorAll('a[href], button, input, select, textarea, [tabindex="0"]')].filter(element => element.checkVisibility());
    all.forEach((element, i) => { element.dataset.place = i; });
    return all.map(element => element.id || element.name || element.textContent.slice(0, 20));
  });
  await page.locator('h1').click();
  await page.evaluate(() => document.activeElement?.blur());
  const [reached, dim] = [new Set(), []];
  for (let i = 0; i < usable.length + 3; i++) {
    await page.keyboard.press('Tab');
    const [place, outline] = await page.evaluate(() => [document.activeElement?.dataset?.place, getComputedStyle(document.activeElement).outlineStyle]);
    if (place !== undefined) {
      reached.add(Number(place));
      if (outline === 'none') { dim.push(usable[place]); }
    }
  }
  const missed = usable.filter((_, i) => !reached.has(i) && i > 0);
  step('the keyboard reaches everything', missed.length === 0, missed.join());
  step('what has the focus shows it', dim.length === 0, dim.join());
  await page.evaluate(() => document.querySelector('.skip').focus());
  await page.keyboard.press('Enter');
  step('one key skips to the figures', await page.evaluate(() => document.activeElement.id) === 'figures');
}

// What a screen reader finds its way by.
export async function checkNames(page, step) {
  const found = await page.evaluate(() => ({
    landmarks: ['header', 'main', 'footer'].filter(name => document.querySelectorAll(`body > ${name}`).length === 1).length,
    nameless: [...document.querySelectorAll('input, select, textarea')].filter(field => field.labels.length === 0).map(field => field.name),
    untitled: [...document.querySelectorAll('section')].filter(part => !document.getElementById(part.getAttribute('aria-labelledby'))?.textContent.trim()).length,
    headless: [...document.querySelectorAll('tbody tr')].filter(row => row.cells[0].scope !== 'row').length,
    noisy: [...document.querySelectorAll('[aria-live], [role=status]')].filter(part => part.querySelector('table, svg')).length,
    language: document.documentElement.lang,
  }));
  step('a screen reader finds landmarks, names, titles and headers', found.landmarks === 3 && found.nameless.length === 0 && found.untitled === 0
    && found.headless === 0 && found.language === 'en', JSON.stringify(found));
  step('figures that change are not read out', found.noisy === 0);
}
