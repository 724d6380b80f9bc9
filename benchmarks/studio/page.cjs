// Changes codes in the editor of a page, one after the other, and prints the seconds from each change to its pixels, as
// the editor itself says. measure.sh calls it with the folder of Playwright, an address and a run.
const [playwright, address, run] = process.argv.slice(2);
const { chromium } = require(playwright);
const changes = 50;

(async () => {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  const page = await browser.newPage();
  await page.goto(`${address}/#/runs/${run}/editor`);
  const state = page.getByText('decoded in');
  await state.waitFor();
  await page.getByLabel('Order', { exact: true }).selectOption('number');
  await page.getByText('By number.').waitFor();
  // The cell in the corner takes one code after the other.
  await page.keyboard.press('c');
  await page.keyboard.press('Enter');
  await page.keyboard.press('a');
  await page.keyboard.press('Control+Home');
  for (let i = 0; i < changes; i++) {
    await page.keyboard.press('ArrowRight');
    const decoded = page.waitForResponse('**/decode');
    await page.keyboard.press('Enter');
    await decoded;
    await page.waitForTimeout(100);
    console.log(Number((await state.textContent()).match(/decoded in ([\d.]+) ms/)[1]) / 1000);
  }
  await browser.close();
})();
