import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { bundleOf } from '../../lib/bundle/bundle.ts';
import { writeBundle } from '../../lib/bundle/folder.ts';
import { fileInProject } from '../../lib/project.ts';
import { openBrowser } from '../support/chromium.ts';

const AXE = readFileSync(createRequire(fileInProject('package.json')).resolve('axe-core/axe.min.js'), 'utf8');
const HOSTILE = `Description: "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
Parameters:
  Env: {Type: String, AllowedValues: [dev, prod], Default: prod}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Bucket: # "><script>alert(3)</script>
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: !If [IsProd, {Status: Enabled}, !Ref AWS::NoValue]
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
  Key: {Type: AWS::KMS::Key, Properties: {EnableKeyRotation: true, KeyPolicy: {Statement: []}}}
`;

jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), 'plainform-page-'));
let browser: Browser;
let page: Page;
let asked: string[];
let errors: string[];

async function open(name: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<void> {
  page = await browser.newPage({ viewport: { width: 1400, height: 900 }, ...options });
  asked = [];
  errors = [];
  page.setDefaultTimeout(20_000);
  page.on('request', (request) => asked.push(request.url()));
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('dialog', (dialog) => {
    errors.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(pathToFileURL(join(folder, name, 'index.html')).href);
}

beforeAll(async () => {
  const staging = ['staging-foundation', 'staging', 'staging-governance'].map((name) => ({
    name: `${name}.yaml`,
    text: readFileSync(fileInProject('templates', `${name}.yaml`), 'utf8'),
  }));
  const shared = { waivers: [], date: '2026-11-21', documents: [] };
  writeBundle(join(folder, 'staging'), (await bundleOf({ ...shared, templates: staging })).bundle);
  writeBundle(
    join(folder, 'hostile'),
    (await bundleOf({ ...shared, templates: [{ name: 'a.yaml', text: HOSTILE }] })).bundle,
  );
  browser = await openBrowser();
});
afterEach(() => page?.close());
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

// What runs in the page is text here: the types of this project know no DOM.
const isInView = (selector: string) =>
  page.waitForFunction(`(() => {
    const box = document.querySelector(${JSON.stringify(selector)})?.getBoundingClientRect();
    return box !== undefined && box.height > 0 && box.top >= 0 && box.bottom <= innerHeight;
  })()`);
const textOf = async (selector: string) => (await page.locator(selector).first().textContent()) ?? '';

describe('the page of the evidence, in Chromium', () => {
  test('asks nothing of any network, and reports no error', async () => {
    await open('staging');
    expect(asked).toEqual([page.url()]);
    expect(errors).toEqual([]);
    expect(await page.evaluate(`fetch('https://example.com').then(() => 'let out', () => 'kept in')`)).toBe('kept in');
  });

  test('opens with what was checked, against what, how many configurations, and what is not proven', async () => {
    await open('staging');
    const summary = await textOf('#summary');
    for (const said of [
      '128 resources in',
      '3 templates',
      'supports',
      'SHA-256',
      'What is not proven, and why',
      'PCI DSS',
    ])
      expect(summary).toContain(said);
    expect(summary).not.toMatch(/satisf/i);
  });

  test('from a requirement to the line of YAML in two clicks, and back', async () => {
    await open('staging');
    await page.click('[data-requirement][data-framework=pci] a[href="#control-KMS.4"] >> nth=0');
    await isInView('#control-KMS\\.4 tbody tr');
    await page.click('#control-KMS\\.4 a[href^="#t"] >> nth=0');
    await page.waitForSelector('.line:target');
    await isInView('.line:target');
    expect(await textOf('.line:target code')).toMatch(/EnableKeyRotation: true/);
    await page.click('.line:target .chip:text-is("KMS.4")');
    await isInView('tr:target');
    await page.click('#control-KMS\\.4 .supports a >> nth=0');
    await isInView('[data-requirement]:target');
    await page.goBack();
    await page.goBack();
    await isInView('.line:target');
  });

  test('filters by framework, verdict, service and text, alone and together', async () => {
    await open('staging');
    const shown = () => page.locator('details[data-control]:visible').count();
    const all = await shown();
    const form = page.locator('[data-filters=control]');
    await form.locator('[name=service]').selectOption('KMS');
    const ofKms = await shown();
    expect(ofKms).toBeGreaterThan(2);
    expect(ofKms).toBeLessThan(all);
    await form.locator('[name=verdict]').selectOption('proven');
    expect(await shown()).toBeLessThan(ofKms);
    await form.locator('[name=text]').fill('rotat');
    expect(await shown()).toBe(1);
    expect(await form.locator('output').textContent()).toMatch(/^1 of \d+$/);
    await form.locator('[name=framework]').selectOption('soc2');
    await form.locator('[type=reset]').click();
    await page.waitForFunction(`document.querySelectorAll('details[data-control]:not([hidden])').length === ${all}`);
    const requirements = page.locator('[data-filters=requirement]');
    await requirements.locator('[name=framework]').selectOption('gdpr');
    expect(await page.locator('[data-requirement]:visible').count()).toBe(3);
  });

  test('a link leads also to what is filtered away', async () => {
    await open('staging');
    await page.locator('[data-filters=control] [name=service]').selectOption('S3');
    expect(await page.isVisible('details:has(#control-KMS\\.4)')).toBe(false);
    await page.click('#requirements a[href="#control-KMS.4"] >> nth=0');
    await isInView('#control-KMS\\.4 tbody tr');
  });

  test('with the keyboard alone: skip link, sections, a control, its line', async () => {
    await open('staging');
    const focused = () =>
      page.evaluate(`document.activeElement.getAttribute('href') ?? document.activeElement.tagName`);
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('#summary');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('#requirements');
    await page.focus('details:has(#control-KMS\\.4) > summary');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#control-KMS\\.4', { state: 'visible' });
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await focused()).toMatch(/^#t\d+-L\d+$/);
    await page.keyboard.press('Enter');
    await isInView('.line:target');
    const outline = await page.evaluate(`(() => {
      const link = document.querySelector('nav a');
      link.focus();
      return getComputedStyle(link).outlineStyle;
    })()`);
    expect(outline).toBe('solid');
  });

  test.each([
    ['hostile', 'light'],
    ['hostile', 'dark'],
    ['staging', 'dark'],
  ] as const)('no violation that axe finds: %s, %s', async (name, colorScheme) => {
    await open(name, { colorScheme });
    await page.evaluate(`for (const details of document.querySelectorAll('details')) details.open = true`);
    await page.evaluate(AXE);
    const found = await page.evaluate(`axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
        violations.map(({ id, nodes }) => id + ': ' + nodes[0].html + ' ' + nodes[0].failureSummary))`);
    expect(found).toEqual([]);
  });

  test('what is drawn leads to its lines, by mouse and by keyboard', async () => {
    await open('staging');
    await page.click('.diagram .resource[data-resource=DataKey]');
    await isInView('.line:target');
    expect(await textOf('.line:target code')).toMatch(/^\s*DataKey:/);
    await page.focus('.diagram a:has([data-resource=LogsKey])');
    await page.keyboard.press('Enter');
    await page.waitForFunction(`/LogsKey:/.test(document.querySelector('.line:target code').textContent)`);
    await isInView('.line:target');
  });

  test('dark is dark', async () => {
    const ground = async (colorScheme: 'light' | 'dark') => {
      await open('hostile', { colorScheme });
      const color = await page.evaluate(`getComputedStyle(document.body).backgroundColor`);
      await page.close();
      return color;
    };
    expect(await ground('light')).toBe('rgb(255, 255, 255)');
    expect(await ground('dark')).toBe('rgb(20, 23, 28)');
  });

  test('what a template says is text, whatever it says', async () => {
    await open('hostile');
    expect(errors).toEqual([]);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(1);
    expect(await textOf('article')).toContain('<img src=x onerror=alert(1)>');
  });

  test('prints what is closed, and the lines on which verdicts rest', async () => {
    await open('staging');
    await page.emulateMedia({ media: 'print' });
    await page.evaluate(`dispatchEvent(new Event('beforeprint'))`);
    expect(await page.isVisible('nav')).toBe(false);
    expect(await page.isVisible('#control-KMS\\.4 table')).toBe(true);
    expect(await page.isVisible('.line.marked >> nth=0')).toBe(true);
    expect(await page.isVisible('.line:not(.marked) >> nth=0')).toBe(false);
    await page.evaluate(`dispatchEvent(new Event('afterprint'))`);
    await page.emulateMedia({ media: 'screen' });
    expect(await page.isVisible('#control-KMS\\.4 table')).toBe(false);
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  });

  test('is read without scripts', async () => {
    await open('staging', { javaScriptEnabled: false });
    expect(await page.locator('.filters:visible').count()).toBe(0);
    await page.click('#requirements a[href="#control-KMS.4"] >> nth=0');
    await page.waitForSelector('#control-KMS\\.4 tbody tr', { state: 'visible' });
  });

  test('a thousand verdicts: a filter answers at once, a link leads there', async () => {
    const resources = Array.from({ length: 90 }, (_, n) => `  Bucket${n}: {Type: AWS::S3::Bucket}`).join('\n');
    const { bundle } = await bundleOf({
      templates: [{ name: 'many.yaml', text: `Resources:\n${resources}\n` }],
      waivers: [],
      date: '2026-11-21',
      documents: [],
    });
    writeBundle(join(folder, 'many'), bundle);
    await open('many');
    expect(await page.locator('[data-fact]').count()).toBeGreaterThan(1000);
    await page.locator('[data-filters=control] [name=text]').fill('s3.8');
    expect(await page.locator('details[data-control]:visible').count()).toBe(1);
    await page.click('details[data-control]:visible summary');
    await page.click('#control-S3\\.8 a[href="#t1-L91"]');
    await isInView('.line:target');
  });
});
