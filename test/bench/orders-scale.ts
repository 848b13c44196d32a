import { differences, openLoadedShop } from '../support/order-load.ts';

/**
 * `node test/bench/orders-scale.ts [few] [many]`: what requests cost with 100 orders and with 10,000. Ends with
 * exit code 1 when some request's cost differs by more than two percent.
 */

const tolerance = 0.02;
const [few = 100, many = 10_000] = process.argv.slice(2).map(Number);
const count = (value: number) => value.toLocaleString('en-US');

const loaded = await openLoadedShop();
let failed: string[] = [];
try {
  const fill = async (size: number) => {
    const { writtenMs, countedMs, unitsPerOrder } = await loaded.fillTo(size);
    const seconds = (ms: number) => (ms / 1000).toFixed(1);
    console.log(
      `${count(size)} orders: written in ${seconds(writtenMs)} s, counted after ${seconds(countedMs)} s, ` +
        `${unitsPerOrder.toFixed(2)} capacity units each for counting`,
    );
    return loaded.measure();
  };
  const before = await fill(few);
  const after = await fill(many);
  console.log(
    `\n${'capacity units'.padEnd(28)}${`at ${count(few)}`.padStart(12)}${`at ${count(many)}`.padStart(12)}`,
  );
  for (const [name, cost] of Object.entries(before)) {
    console.log(
      `${name.padEnd(28)}${cost.toFixed(1).padStart(12)}${(after[name] ?? 0).toFixed(1).padStart(12)}`,
    );
  }
  failed = differences(before, after, tolerance);
} finally {
  await loaded.shop.stop();
}
console.log(
  failed.length === 0
    ? `\nThe same within ${tolerance * 100} %.`
    : `\nDifferent by more than ${tolerance * 100} %:\n  ${failed.join('\n  ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
