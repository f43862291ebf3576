import { pictures } from './html/pictures.ts'
import { reportHtml } from './html/report.ts'
import type { ResultsFolder } from './results/folder.ts'
import type { Results } from './results/results.ts'

export const REPORT_FILE = 'report.html'
const PICTURES_FOLDER = 'pictures'

/** Writes the report and its pictures into the folder of the results. */
export function writeReport(folder: ResultsFolder, results: Results): void {
  folder.write(REPORT_FILE, reportHtml(results))
  for (const { name, svg } of pictures(results)) {
    folder.write(`${PICTURES_FOLDER}/${name}.svg`, svg)
  }
}
