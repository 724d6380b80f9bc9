// Takes a picture of each view of the studio in both themes. pictures.sh calls it with the folder of Playwright, an
// address, a folder for the pictures, and "docs" or "all": whole pages, also at the width of a phone.
const [playwright, address, out, mode] = process.argv.slice(2);
const { chromium } = require(playwright);
const sizes = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

// What is waited for shows that a view is complete.
const viewsOf = (own, builtIn) => ({
  runs: { address: 'runs', complete: '.run-card' },
  start: { address: 'start', complete: '.check-line:has-text("Ready")' },
  live: { address: `runs/${own}/live`, complete: '.uplot' },
  editor: { address: `runs/${builtIn}/editor`, complete: '.status-line span:nth-child(2)', prepare: paint },
  codebook: { address: `runs/${builtIn}/codebook`, complete: '.influence' },
  samples: { address: `runs/${builtIn}/samples`, complete: '.sample a[href]', prepare: drawHorses },
  compare: { address: `compare?a=${builtIn}&b=${own}`, complete: '.compare-row' },
});

// A cell in the middle is chosen, so that the atlas is in the order of its code.
async function paint(page) {
  const box = await page.getByRole('grid', { name: 'Codes of picture A' }).boundingBox();
  await page.mouse.click(box.x + 0.4 * box.width, box.y + 0.4 * box.height);
  await page.getByText('The nearest to code').waitFor();
}

async function drawHorses(page) {
  if ((await page.getByLabel('Class', { exact: true }).count()) === 0) return;
  await page.getByLabel('Class', { exact: true }).selectOption('horse');
  await page.getByLabel('Guidance, exactly').fill('1.5');
  await page.getByLabel('Pictures, exactly').fill('28');
  await page.getByRole('button', { name: 'Draw', exact: true }).click();
  await page.getByText('28 pictures').waitFor();
}

// Pictures that are loaded when they are scrolled to, and curves, are there.
async function settle(page) {
  await page.evaluate(() => Promise.all([...document.images].map(image => image.decode().catch(() => {}))));
  await page.waitForTimeout(1000);
}

async function take(page, name, view, file) {
  await page.goto(`${address}/#/${view.address}`);
  await page.locator(view.complete).first().waitFor({ timeout: 120000 });
  await view.prepare?.(page);
  await settle(page);
  await page.screenshot({ path: `${out}/${file}.png`, fullPage: mode === 'all' });
}

(async () => {
  const { runs } = await (await fetch(`${address}/api/runs`)).json();
  const tokenizers = runs.filter(run => run.kind === 'tokenizer');
  const views = viewsOf(tokenizers.find(run => !run.isBuiltIn).id, tokenizers.find(run => run.isBuiltIn).id);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  for (const [size, viewport] of Object.entries(mode === 'all' ? sizes : { wide: sizes.wide })) {
    for (const theme of ['light', 'dark']) {
      const page = await browser.newPage({ colorScheme: theme, viewport, reducedMotion: 'reduce' });
      page.setDefaultTimeout(120000);
      page.on('console', message => message.type() === 'error' && console.log(message.text()));
      page.on('pageerror', error => console.log(error.stack));
      for (const [name, view] of Object.entries(views)) {
        await take(page, name, view, mode === 'all' ? `${name}-${size}-${theme}` : `${name}-${theme}`);
      }
      await page.close();
    }
  }
  await browser.close();
})();
