import { loadStage } from './stage.ts';
import { runNumbered } from './worlds.ts';

/** A child process of a big run: is told a world's number, and answers its result, until its parent lets it go. */
process.env.POWERTOOLS_TRACE_ENABLED = 'false';
const seed = Number(process.argv[2]);
const stage = await loadStage();
process.on('message', async (world: number) => {
  try {
    process.send?.(await runNumbered(stage, seed, world));
  } catch (error) {
    process.send?.({ world, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
process.send?.('ready');
