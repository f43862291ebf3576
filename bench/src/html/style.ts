import { COLOURS } from './colours.ts'
import { FONTS } from './draw.ts'

/** The whole style sheet: no font and no file from elsewhere. */
export function styleSheet(): string {
  return `${properties(0, 'light')}
@media (prefers-color-scheme: dark) {
${properties(1, 'dark')}
}
${RULES}`
}

function properties(index: 0 | 1, scheme: string): string {
  const lines = Object.entries(COLOURS).map(([name, pair]) => `  --${name}: ${pair[index]};`)
  return `:root {\n  color-scheme: ${scheme};\n${lines.join('\n')}\n}`
}

const RULES = `
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 12px; }
body {
  margin: 0 auto; max-width: 1240px; padding: 20px 16px 64px;
  background: var(--paper); color: var(--ink);
  font: 16px/1.5 ${FONTS}; overflow-wrap: anywhere;
}
a { color: var(--link); }
h1 { font-size: 28px; line-height: 1.2; margin: 8px 0 4px; }
h2 { font-size: 22px; line-height: 1.3; margin: 0 0 4px; }
h3 { font-size: 18px; margin: 24px 0 6px; }
p { margin: 6px 0; }
code { font: 0.9em/1.4 ui-monospace, 'DejaVu Sans Mono', monospace; }
ul { padding-left: 20px; margin: 6px 0; }
li { margin: 4px 0; }
section { margin-top: 40px; padding-top: 20px; border-top: 1px solid var(--line); }
dl {
  display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 16px 0;
  padding: 14px 16px; background: var(--panel); border-radius: 10px;
}
dt { color: var(--muted); }
dd { margin: 0; }
nav { padding: 4px 16px 12px; background: var(--panel); border-radius: 10px; }
nav h2 { font-size: 18px; margin-top: 12px; }
nav ul { columns: 2 320px; }
nav ul ul { columns: 1; }
nav li { break-inside: avoid; }
.name, .muted, figcaption span { color: var(--muted); }
.name { margin: 0 0 12px; font-size: 14px; }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
.gap { color: var(--muted); }
.notice { margin: 10px 0; padding: 8px 14px; border-left: 4px solid var(--warn); background: var(--panel); }
ul.notice { padding-left: 30px; }
ul.gaps { border-left-color: var(--bad); }
.charts { columns: 2 400px; column-gap: 20px; margin: 16px 0; }
figure { margin: 0 0 20px; padding: 12px; max-width: 600px; break-inside: avoid; border: 1px solid var(--line); border-radius: 10px; }
figcaption { margin-bottom: 10px; font-size: 14px; line-height: 1.4; }
figcaption strong { display: block; font-size: 16px; }
figure svg { display: block; width: 100%; height: auto; }
.scroll { overflow-x: auto; margin: 16px 0; }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
caption { text-align: left; white-space: nowrap; color: var(--muted); padding-bottom: 6px; }
th, td { padding: 6px 8px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child { text-align: left; padding-left: 0; }
tbody th { font-weight: 500; }
thead th { white-space: normal; vertical-align: bottom; color: var(--muted); font-weight: 500; border-bottom-color: var(--axis); }
td small { display: block; color: var(--muted); font-size: 12px; }
table.programs td, table.programs th { text-align: left; white-space: normal; }
@media (min-width: 900px) {
  dl { grid-template-columns: max-content 1fr max-content 1fr; }
}
@media (max-width: 600px) {
  body { padding: 12px 12px 48px; }
  figure { padding: 8px; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 8px; }
}
@media print { tr { break-inside: avoid; } nav { display: none; } }
`
