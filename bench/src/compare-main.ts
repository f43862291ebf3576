import { runProgram } from './command-line.ts'
import { compareResults } from './compare/compare.ts'
import { type CompareOptions, parseCompareOptions } from './compare/options.ts'
import { checkShape } from './compare/shape.ts'
import { comparedText, type Named } from './compare/text.ts'
import { readResults } from './results/folder.ts'

await runProgram(() => {
  const options = parseCompareOptions(process.argv.slice(2))
  return options === null ? 0 : main(options)
})

/** Returns the exit code. */
function main({ places, paths, alpha, all, json }: CompareOptions): number {
  const [a, b] = paths.map((file, index): Named => {
    const results = readResults(file)
    checkShape(results, file)
    return { place: places[index]!, results }
  }) as [Named, Named]
  const compared = compareResults(a.results, b.results, alpha)
  const about = ({ place, results: { machine } }: Named) => ({ place, machine })
  const text = json
    ? `${JSON.stringify({ A: about(a), B: about(b), ...compared }, null, 1)}\n`
    : comparedText(a, b, compared, all)
  process.stdout.once('error', () => process.exit(141))
  process.stdout.write(text)
  return compared.rows.some(({ effect }) => effect === 'worse') ? 1 : 0
}
