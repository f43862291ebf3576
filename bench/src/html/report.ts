import { groupBy } from '../group-by.ts'
import type { ComparisonResult, ProgramVersion, Results } from '../results/results.ts'
import { formatSize } from '../sizes.ts'
import { comparisonCharts } from './charts.ts'
import type { Chart } from './draw.ts'
import { cacheText, scaleCharts } from './scales.ts'
import { styleSheet } from './style.ts'
import { summaryHtml } from './summary.ts'
import { casesTable, figuresTable, gapsHtml, noiseHtml, scrolling } from './tables.ts'
import { capital, escapeHtml, plainNumber, sectionLink } from './text.ts'

/**
 * The report of a run as one HTML file. It needs no network, no script and no font from elsewhere,
 * and follows the reader's choice of light or dark.
 */
export function reportHtml(results: Results): string {
  const { machine, comparisons } = results
  const scales = scaleCharts(results)
  const title = `uring-actor benchmarks, ${machine.commit}, ${machine.date.slice(0, 10)}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>
${styleSheet()}
</style>
</head>
<body>
<header>
<h1>uring-actor benchmarks</h1>
${machineHtml(results)}
${programsHtml(results.programs)}
</header>
${contentsHtml(comparisons, scales.length > 0)}
<main>
<section id="summary">
<h2>Summary</h2>
${doubtHtml(results)}
${summaryHtml(results)}
</section>
${scales.length === 0 ? '' : scalesHtml(scales)}
${comparisons.map(comparisonHtml).join('\n')}
</main>
</body>
</html>
`
}

function machineHtml({ machine, options }: Results): string {
  const { rounds, seconds, size, quick, file } = options
  const entries: ReadonlyArray<readonly [string, string]> = [
    ['Date', machine.date],
    ['Commit', machine.commit],
    ['Machine', `${machine.cpus} × ${machine.cpu}, ${machine.memoryGiB} GiB of memory`],
    ['Kernel', machine.kernel],
    ['Filesystem', machine.filesystem],
    ['Node.js', machine.node],
    ['Engine', machine.engine],
    ['Load before', plainNumber(machine.load)],
    ['File', `${file}, ${formatSize(size)}`],
    [
      'Measured',
      `${rounds} alternating ${rounds === 1 ? 'round' : 'rounds'} of ${plainNumber(seconds)} s for each case${quick ? ', --quick' : ''}`,
    ],
  ]
  const items = entries.map(([name, text]) => `<dt>${name}</dt><dd>${escapeHtml(text)}</dd>`)
  return `<dl>${items.join('')}</dl>`
}

function programsHtml(programs: readonly ProgramVersion[]): string {
  if (programs.length === 0) return ''
  const rows = programs.map(({ name, version, install }) => {
    const how = install === null ? '' : `: <code>${escapeHtml(install)}</code>`
    const told =
      version === null
        ? `<td class="missing"><span class="bad">not installed</span>${how}</td>`
        : `<td>${escapeHtml(version)}</td>`
    return `<tr><th scope="row">${escapeHtml(name)}</th>${told}</tr>`
  })
  return scrolling(
    'Programs compared with',
    `<table class="programs"><caption>Compared with</caption><tbody>${rows.join('')}</tbody></table>`,
  )
}

/** What keeps the figures from being quoted. */
function doubtHtml({ options }: Results): string {
  const { quick, rounds } = options
  if (quick) return '<p class="notice">This was a smoke run (--quick): the figures mean little.</p>'
  if (rounds > 1) return ''
  return '<p class="notice">There was one round only: nothing tells how far figures vary.</p>'
}

/** What a comparison stands under in the table of contents. */
function groupOf({ workload }: ComparisonResult): string {
  if (workload === null) return 'Other measurements'
  return `${capital(workload.operation)}, ${cacheText(workload.cache)}`
}

function contentsHtml(comparisons: readonly ComparisonResult[], scales: boolean): string {
  const groups = [...groupBy(comparisons, groupOf)].map(([group, members]) => {
    const links = members.map((member) => `<li>${sectionLink(member)}</li>`)
    return `<li>${escapeHtml(group)}<ul>${links.join('')}</ul></li>`
  })
  return (
    '<nav aria-labelledby="contents"><h2 id="contents">Contents</h2><p>' +
    '<a href="#summary">Summary</a> · <a href="#plain-fs-wins">Where plain fs wins</a>' +
    `${scales ? ' · <a href="#scales">How it scales</a>' : ''}</p><ul>${groups.join('')}</ul></nav>`
  )
}

function scalesHtml(charts: readonly Chart[]): string {
  return (
    '<section id="scales"><h2>How it scales</h2>' +
    '<p>Comparisons that differ in one thing only, all else being the same.</p>' +
    `${chartsHtml(charts, 'How it scales')}</section>`
  )
}

function comparisonHtml(comparison: ComparisonResult): string {
  const { name, title, cases, figures } = comparison
  const { overall, overTime } = comparisonCharts(comparison)
  return [
    `<section id="${escapeHtml(name)}">`,
    `<h2>${escapeHtml(title)}</h2>`,
    `<p class="name">${workloadText(comparison)}</p>`,
    gapsHtml(cases),
    noiseHtml(comparison),
    chartsHtml(overall, title),
    casesTable(comparison),
    figuresTable(title, figures),
    overTime.length === 0 ? '' : '<h3>Latency over time</h3>',
    chartsHtml(overTime, title),
    '</section>',
  ].join('\n')
}

function workloadText({ name, workload }: ComparisonResult): string {
  const option = `<code>--only ${escapeHtml(name)}</code>`
  if (workload === null) return option
  const { operation, cache, inFlight, workers, blockBytes, files } = workload
  const facts = [
    `${capital(operation)}, ${cacheText(cache)}`,
    `blocks of ${formatSize(blockBytes)}`,
    `${inFlight} in flight`,
    workers === 1 ? 'one thread' : `${workers} threads`,
    files === 1 ? 'one file' : `${files} files`,
  ]
  return `${escapeHtml(facts.join('; '))}. ${option}`
}

function chartsHtml(charts: readonly Chart[], of: string): string {
  if (charts.length === 0) return ''
  return `<div class="charts">${charts.map((chart) => figureHtml(chart, of)).join('\n')}</div>`
}

function figureHtml({ title, note, svg }: Chart, of: string): string {
  const label = `aria-label="${escapeHtml(`${title}. ${of}. ${note}`)}"`
  return (
    `<figure><figcaption><strong>${escapeHtml(title)}</strong>` +
    `<span>${escapeHtml(note)}</span></figcaption>` +
    `${svg.replace('<svg ', `<svg role="img" ${label.replaceAll('$', '$$$$')} `)}</figure>`
  )
}
