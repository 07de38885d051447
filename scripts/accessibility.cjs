#!/usr/bin/env node
// axe over report pages in headless Chromium, light and dark, wide and at 360 px.
//   npm install --prefix /tmp/axe axe-core puppeteer-core
//   NODE_PATH=/tmp/axe/node_modules scripts/accessibility.cjs reports/latest/*.html reports/latest/*/report.html
// Exit code 1 when something is violated, 2 when the two packages or a browser are not there.
const fs = require("fs");
const path = require("path");

const BROWSER = process.env.CHROMIUM || "/usr/bin/chromium";
let puppeteer, axe;
try {
  puppeteer = require("puppeteer-core");
  axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
  fs.accessSync(BROWSER);
} catch (error) {
  console.error(`not run: ${error.message.split("\n")[0]}`);
  process.exit(2);
}

async function look(browser, file, scheme, width) {
  const page = await browser.newPage();
  await page.setBypassCSP(true); // the page lets nobody put a script into it
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setViewport({ width, height: 900 });
  await page.goto(`file://${path.resolve(file)}`);
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    document.querySelectorAll("details").forEach((d) => (d.open = true));
    const run = await axe.run({ resultTypes: ["violations"] });
    const wide = document.documentElement.scrollWidth - window.innerWidth;
    const told = run.violations.map((v) => ({
      rule: v.id,
      impact: v.impact,
      help: v.help,
      nodes: v.nodes.map((n) => `${n.target.join(" ")}: ${n.html.slice(0, 140)}`),
    }));
    if (wide > 0) told.push({ rule: "page-overflow", impact: "moderate",
      help: `the page is ${wide} px wider than the window`, nodes: [] });
    return told;
  });
  await page.close();
  return found;
}

(async () => {
  const browser = await puppeteer.launch({ executablePath: BROWSER, args: ["--no-sandbox"] });
  let wrong = 0;
  for (const file of process.argv.slice(2)) {
    for (const scheme of ["light", "dark"]) {
      for (const width of [1280, 360]) {
        for (const v of await look(browser, file, scheme, width)) {
          wrong += 1;
          console.log(`${file} ${scheme} ${width}px: ${v.rule} (${v.impact}): ${v.help}`);
          v.nodes.slice(0, 5).forEach((node) => console.log(`    ${node}`));
          if (v.nodes.length > 5) console.log(`    and ${v.nodes.length - 5} more`);
        }
      }
    }
  }
  await browser.close();
  console.log(wrong ? `${wrong} violations` : "no violations");
  process.exit(wrong ? 1 : 0);
})();
