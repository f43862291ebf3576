// The report of the benchmarks says in words who wins and by how much, also where plain fs does;
// shows what is missing; lets no text of the results become markup; and is made anew on request.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { pictures } from '@uring-actor/bench/html/pictures.js'
import { reportHtml } from '@uring-actor/bench/html/report.js'
import { runScript } from '../support/child.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { FAILURE, HOSTILE, INSTALL_FIO, resultsFixture } from './results-fixture.ts'

const MAIN = new URL('../../../bench/dist/report-main.js', import.meta.url)

const results = resultsFixture()
const html = reportHtml(results)

/** What a reader sees of a section. */
function textOf(id: string): string {
  const section = html.split(`<section id="${id}">`)[1]!.split('</section>')[0]!
  return section
    .replaceAll(/<svg[\s\S]*?<\/svg>/g, '')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/[\s\u00a0]+/g, ' ')
}

test('the heading names what was measured on, and every program with its version', () => {
  const { machine } = results
  for (const text of [machine.kernel, machine.filesystem, machine.node, machine.commit, '5.3.2']) {
    assert.ok(html.includes(text), text)
  }
})

test('the summary says where ours wins, with the median and the spread of the paired ratio', () => {
  const text = textOf('summary')
  assert.match(
    text,
    /Operations: uring-actor, 468 k a second, wins over fs\.promises 8\.76× \(8\.68–9\.42\)/,
  )
  assert.match(text, /CPU time of an operation: uring-actor, 1 µs, wins over fs\.promises 0\.0323×/)
})

test('a ratio whose rounds lie on both sides of 1 shows no difference', () => {
  assert.match(textOf('summary'), /shows no difference to fs\.read callback/)
})

test('where plain fs wins is told apart, in operations and in CPU time', () => {
  const text = textOf('summary').split('Where plain fs wins')[1]!
  assert.match(
    text,
    /1 in flight: operations, uring-actor \/ fs\.readSync, one at a time 0\.194× .*?wins by 5\.15×/,
  )
  assert.match(text, /1 in flight: CPU time of an operation, uring-actor \/ fs\.readSync/)
  assert.doesNotMatch(text, /fs\.promises/)
})

test('a run in which plain fs wins nowhere says so', () => {
  const comparisons = results.comparisons.filter(({ name }) => name.includes('workers'))
  assert.match(reportHtml({ ...results, comparisons }), /In no comparison of this run/)
})

test('a program that is missing is a visible gap, with the line that installs it', () => {
  assert.match(html, new RegExp(`not installed</span>: <code>${INSTALL_FIO}</code>`))
  const gap = `fio io_uring was not measured: fio is not installed (${INSTALL_FIO})`
  assert.ok(textOf('random-reads-warm-128').includes(gap))
})

test('a case that failed says what went wrong', () => {
  assert.match(textOf('random-reads-warm-32'), /a pool that fails failed: Error: &lt;script&gt;/)
})

test('noisy rounds are named, with what others took of the CPUs', () => {
  const text = textOf('random-reads-warm-32')
  assert.match(text, /round 2: 12\.3 % stolen by the hypervisor, 8\.1 % used by other processes/)
  assert.match(text, /page cache held only 98\.0 %/)
})

test('figures stand beside their bounds', () => {
  const text = textOf('random-reads-warm-32')
  assert.match(text, /ours \/ fs\.promises5\.8.*?≥ 5met.*?ours \/ fs\.readSync1\.2.*?≥ 2not met/)
  assert.match(text, /ours \/ fionot measured≥ 0\.5not measured/)
})

test('no text of the results becomes markup', () => {
  const hostile = {
    ...results,
    comparisons: results.comparisons.map((each) => ({
      ...each,
      title: `${each.title} ${HOSTILE}`,
    })),
  }
  for (const text of [reportHtml(hostile), ...pictures(hostile).map(({ svg }) => svg)]) {
    assert.doesNotMatch(text, /<b>|<script|"pool"| on[a-z]+=/)
  }
  assert.ok(html.includes('Error: &lt;script&gt;alert(&quot;ring&quot;)&lt;/script&gt; &amp; more'))
  assert.doesNotMatch(html, new RegExp(FAILURE.slice(7, 15)))
})

test('the report refers to nothing outside of itself', () => {
  const references = html.matchAll(
    /(?:src|href)="([^"]*)"|url\(([^)]*)\)|@import|https?:\/\/[^"\s<]+/g,
  )
  for (const [whole, attribute = '', url = ''] of references) {
    const inside = /^#|^data:,$/.test(attribute || url) || whole === 'http://www.w3.org/2000/svg'
    assert.ok(inside, whole)
  }
})

test('results of the least that a run can have make a report', () => {
  assert.match(reportHtml({ ...results, programs: [], comparisons: [] }), /No comparison/)
})

test('each chart is a picture with colours and a heading of its own', () => {
  const list = pictures(results)
  assert.equal(list.length, html.match(/<figure>/g)!.length)
  assert.equal(new Set(list.map(({ name }) => name)).size, list.length)
  for (const { name, svg } of list) {
    assert.match(name, /^[a-z0-9-]+$/)
    assert.doesNotMatch(svg, /var\(--/)
    assert.ok(svg.includes('0123456789ab'), name)
  }
})

test('the report and its pictures are made anew from the results', async () => {
  const folder = temporaryDirectory()
  writeFileSync(path.join(folder, 'results.json'), JSON.stringify(results))
  const { code, stdout, stderr } = await runScript(MAIN, { args: [folder] })
  assert.equal(code, 0, stderr)
  assert.equal(stdout, `report: ${folder}/report.html\n`)
  // Only the names of the clip paths, which count up in a process, differ.
  const plain = (text: string) => text.replaceAll(/zr\d+-/g, 'zr-')
  assert.equal(plain(readFileSync(path.join(folder, 'report.html'), 'utf8')), plain(html))
  const names = pictures(results).map(({ name }) => `${name}.svg`)
  assert.deepEqual(readdirSync(path.join(folder, 'pictures')).toSorted(), names.toSorted())
})

const wrong = path.join(temporaryDirectory(), 'wrong.json')
writeFileSync(wrong, '{"format":0}')
const hollow = path.join(temporaryDirectory(), 'hollow.json')
writeFileSync(hollow, JSON.stringify({ ...results, comparisons: [{}, null] }))
for (const args of [
  [],
  ['/nonexistent'],
  ['a', 'b'],
  ['--nonsense'],
  [wrong],
  [hollow],
  ['/etc/hostname'],
]) {
  test(`bad arguments are one line and exit code 2: ${args.join(' ')}`, async () => {
    const { code, stdout, stderr } = await runScript(MAIN, { args })
    assert.equal(code, 2, stderr)
    assert.equal(stdout, '')
    assert.match(stderr, /^bench: [^\n]+\n$/)
  })
}
