import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { NumberedResult } from './worlds.ts';

type Message = 'ready' | NumberedResult | { readonly world: number; readonly error: string };

/**
 * Runs worlds 0, 1, 2 … on several processes until as many orders were placed as are wanted. What counts is the
 * shortest row of worlds from 0 on that has them, so the result does not depend on which process was faster.
 * @throws Error when a world breaks the simulation itself
 */
export async function runCrew(
  { seed, orders, workers }: { seed: number; orders: number; workers: number },
  onResult: (result: NumberedResult, placed: number) => void,
): Promise<NumberedResult[]> {
  const results = new Map<number, NumberedResult>();
  let next = 0;
  let placed = 0;
  const crew: ChildProcess[] = [];
  await Promise.all(
    Array.from({ length: workers }, () => {
      const worker = fork(join(import.meta.dirname, 'worker.ts'), [String(seed)]);
      crew.push(worker);
      return new Promise<void>((resolve, reject) => {
        worker.on('error', reject);
        worker.on('exit', (code) => (code ? reject(new Error(`A worker ended with ${code}`)) : resolve()));
        worker.on('message', (message: Message) => {
          if (message !== 'ready') {
            if ('error' in message) return reject(new Error(`World ${message.world}: ${message.error}`));
            results.set(message.world, message);
            placed += message.placed;
            onResult(message, placed);
          }
          if (placed >= orders) return void worker.disconnect();
          worker.send(next);
          next += 1;
        });
      });
    }),
  ).catch((error: unknown) => {
    for (const worker of crew) worker.kill();
    throw error;
  });
  return shortestRow(results, orders);
}

function shortestRow(results: ReadonlyMap<number, NumberedResult>, orders: number): NumberedResult[] {
  const row: NumberedResult[] = [];
  let placed = 0;
  for (let world = 0; placed < orders; world += 1) {
    const result = results.get(world);
    if (!result) throw new Error(`World ${world} is missing`);
    row.push(result);
    placed += result.placed;
  }
  return row;
}
