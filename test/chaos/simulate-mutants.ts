import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { hunt } from './hunt.ts';
import { mutants } from './mutants.ts';
import { loadStage } from './stage.ts';

/** How many worlds a mutant may survive at most before the proof is taken for blind to it. */
const worlds = 60;
const markers = { from: '<!-- mutants -->', to: '<!-- end of the mutants -->' } as const;

/** Hunts each mutant, or those whose names have one of the given words. `--report` writes the table to a page. */
const { values, positionals } = parseArgs({
  options: { report: { type: 'string' } },
  allowPositionals: true,
});
const rows: string[] = [];
let survived = 0;
for (const { name, patch, weather } of mutants) {
  if (positionals.length > 0 && !positionals.some((word) => name.includes(word))) continue;
  const started = performance.now();
  const caught = await hunt(await loadStage([patch]), worlds, weather);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  if (!caught) survived += 1;
  rows.push(
    `| ${name} | \`${patch.file}\` | ${caught ? `\`${caught.violation.rule}\` in world ${caught.world}` : '**nothing**'} |`,
  );
  console.log(
    caught
      ? `caught   ${name} (${seconds} s): ${caught.violation.rule}, ${caught.violation.what}`
      : `SURVIVED ${name} (${seconds} s)`,
  );
}
console.log(`${rows.length - survived} of ${rows.length} caught`);
if (values.report !== undefined) {
  const table = ['| safeguard taken out | where | caught by |', '|---|---|---|', ...rows].join('\n');
  const [head = '', rest = ''] = readFileSync(values.report, 'utf8').split(markers.from);
  writeFileSync(
    values.report,
    `${head}${markers.from}\n${table}\n${markers.to}${rest.split(markers.to)[1] ?? ''}`,
  );
}
process.exitCode = survived === 0 ? 0 : 1;
