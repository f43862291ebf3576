// The report of the benchmarks in a browser, from disk: every chart is drawn, nothing is fetched and
// nothing complained of, a phone shows it without scrolling sideways, and dark means dark.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import test, { after, before } from 'node:test'
import { pathToFileURL } from 'node:url'
import { pictures } from '@uring-actor/bench/html/pictures.js'
import { reportHtml } from '@uring-actor/bench/html/report.js'
import { chromiumRefusal, Page } from '../support/chromium.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { resultsFixture } from './results-fixture.ts'

const refusal = chromiumRefusal()
// Where everything is installed, a test that does not run is a failure.
const skip = refusal !== null && process.env.CI !== 'true' ? refusal : false

const results = resultsFixture()
const file = path.join(temporaryDirectory(), 'report.html')
const url = pathToFileURL(file).href
writeFileSync(file, reportHtml(results))

/** What the page asked for and what it complained of, since it was opened. */
const requests: string[] = []
const complaints: string[] = []
let page: Page

before(async () => {
  if (skip !== false) return
  assert.equal(refusal, null)
  page = await Page.open()
  page.events.on('Network.requestWillBeSent', ({ request }) => requests.push(request.url))
  for (const event of ['Runtime.consoleAPICalled', 'Runtime.exceptionThrown', 'Log.entryAdded']) {
    page.events.on(event, (params) => complaints.push(JSON.stringify(params)))
  }
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.send(`${domain}.enable`)
  await show(1280, 'light')
})

after(async () => {
  await page?.close()
})

/** Opens the report anew, so wide and in those colours. */
async function show(width: number, scheme: 'light' | 'dark'): Promise<void> {
  await page.send('Emulation.setEmulatedMedia', {
    features: [{ name: 'prefers-color-scheme', value: scheme }],
  })
  await page.send('Emulation.setDeviceMetricsOverride', {
    width,
    height: 900,
    deviceScaleFactor: 1,
    mobile: width < 600,
  })
  await page.goTo(url)
}

test('every chart is drawn, with a name for those who cannot see it', { skip }, async () => {
  const charts = await page.evaluate<Array<Record<string, unknown>>>(
    `[...document.querySelectorAll('figure')].map((figure) => {
      const svg = figure.querySelector('svg[role=img]')
      const { width, height } = svg.getBoundingClientRect()
      const drawn = [...svg.querySelectorAll('path, rect')].filter((shape) => {
        const box = shape.getBBox()
        return box.width > 0 || box.height > 0
      })
      const { left, right, top, bottom } = svg.getBoundingClientRect()
      const cut = [...svg.querySelectorAll('text')].filter((text) => {
        const box = text.getBoundingClientRect()
        return box.left < left - 1 || box.right > right + 1 || box.top < top - 1 || box.bottom > bottom + 1
      })
      return {
        label: svg.getAttribute('aria-label'),
        caption: figure.querySelector('figcaption').textContent,
        width, height, shapes: drawn.length, cut: cut.map((text) => text.textContent),
      }
    })`,
  )
  assert.equal(charts.length, pictures(results).length)
  for (const { label, caption, width, height, shapes, cut } of charts) {
    assert.ok(label !== '' && caption !== '')
    assert.ok(Number(width) > 300 && Number(height) > 80, `${label}: ${width} x ${height}`)
    assert.ok(Number(shapes) >= 3, `${label}: ${shapes} shapes`)
    assert.deepEqual(cut, [], `texts of ${label} that are cut`)
  }
})

test('no texts of a chart lie over one another', { skip }, async () => {
  const overlaps = await page.evaluate<string[]>(
    `[...document.querySelectorAll('figure svg')].flatMap((svg) => {
      const texts = [...svg.querySelectorAll('text')].map((text) => ({
        words: text.textContent, box: text.getBoundingClientRect(),
      }))
      return texts.flatMap((a, index) => texts.slice(index + 1).filter((b) =>
        a.box.left < b.box.right - 1 && b.box.left < a.box.right - 1 &&
        a.box.top < b.box.bottom - 3 && b.box.top < a.box.bottom - 3,
      ).map((b) => svg.getAttribute('aria-label').slice(0, 60) + ': ' + a.words + ' | ' + b.words))
    })`,
  )
  assert.deepEqual(overlaps, [])
})

test('nothing but the file itself is fetched, and the console is empty', { skip }, () => {
  const others = requests.filter((request) => request !== url && !request.startsWith('data:'))
  assert.ok(requests.includes(url))
  assert.deepEqual(others, [])
  assert.deepEqual(complaints, [])
})

test('every link leads somewhere', { skip }, async () => {
  const lost = await page.evaluate<string[]>(
    `[...document.querySelectorAll('a[href]')].map(({ hash }) => decodeURIComponent(hash.slice(1)))
      .filter((id) => document.getElementById(id) === null)`,
  )
  assert.deepEqual(lost, [])
})

test('a phone shows it without scrolling sideways, in letters that can be read', {
  skip,
}, async () => {
  await show(390, 'light')
  const { width, smallest } = await page.evaluate<{ width: number; smallest: number }>(
    `({
      width: document.documentElement.scrollWidth,
      smallest: Math.min(...[...document.querySelectorAll('figure svg')].map((svg) =>
        13 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)),
    })`,
  )
  assert.equal(width, 390)
  assert.ok(smallest >= 9, `${smallest} pixels`)
})

test('in dark surroundings the ground is dark and the text light, in charts too', {
  skip,
}, async () => {
  for (const [scheme, sign] of [
    ['light', 1],
    ['dark', -1],
  ] as const) {
    await show(1280, scheme)
    const [ground, text, chartText] = await page.evaluate<[number, number, number]>(
      `(() => {
        const brightness = (colour) => colour.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3
        const style = (element) => getComputedStyle(element)
        return [
          brightness(style(document.body).backgroundColor),
          brightness(style(document.body).color),
          brightness(style(document.querySelector('figure svg text')).fill),
        ]
      })()`,
    )
    assert.ok((ground - 128) * sign > 60, `${scheme}: the ground is ${ground}`)
    assert.ok((128 - text) * sign > 60, `${scheme}: the text is ${text}`)
    assert.ok((ground - chartText) * sign > 80, `${scheme}: texts of charts are ${chartText}`)
  }
})
