import { examinationOf } from './doctor.ts';
import { deadExecutions, revive } from './redrive/executions.ts';
import { type DeadLetterQueue, deadLetterQueues, drain, moveBack } from './redrive/queues.ts';
import { type Replay, replaysOf } from './redrive/replays.ts';
import { readArguments, UsageError } from './support/arguments.ts';
import { runCommand, type Terminal, terminal } from './support/command.ts';
import { connect, type Target } from './support/target.ts';

const usage = `npm run redrive -- [--go] [--queue NAME | --executions] [--port 3000 | --stage dev|prod]

Lists what could not be done: messages in dead-letter queues, and executions that died with their order still open.
Exit code 1 when there is something.

  --go  does it again: messages go back to their queues, or what they tell of is done; executions go on where they
        stopped, or their orders are reversed. Nothing is done twice.

  --queue NAME  only that queue, as it is called in the list, e.g. Checkout
  --executions  only executions`;

export interface RedriveOptions {
  readonly go: boolean;
  /** All queues and all executions when left out. */
  readonly only?: { readonly queue: string } | 'executions' | undefined;
}

export interface Leftovers {
  /** Messages in all dead-letter queues. */
  readonly messages: number;
  readonly executions: number;
  /** What could not be done this time either. */
  readonly failures: readonly string[];
}

/** Lists what could not be done, and does it again when told to. */
export async function redrive(
  target: Target,
  { go, only }: RedriveOptions,
  { line, progress }: Terminal = terminal,
): Promise<Leftovers> {
  const queues = chosen(await deadLetterQueues(target), only);
  const replays = replaysOf(target);
  const failures: string[] = [];
  for (const queue of queues) {
    line(`${queue.name.padEnd(14)} ${String(queue.depth).padStart(5)} messages`);
    if (!go || queue.depth === 0) continue;
    progress(`${queue.name} …`);
    const { text, failed, notes } = await redriveQueue(target, queue, replays.get(queue.name));
    line(`${' '.repeat(14)} ${text}`);
    for (const note of notes) line(`${' '.repeat(14)} ${note}`);
    for (const failure of failed) line(`${' '.repeat(14)} NOT done: ${failure}`);
    failures.push(...failed);
  }
  progress('executions …');
  const options = { fix: go, graceMilliseconds: 0, unitsPerSecond: 200 };
  const examination = examinationOf(target, options, () => undefined);
  const isForExecutions = only === undefined || only === 'executions';
  const executions = isForExecutions ? await deadExecutions(examination) : [];
  for (const execution of executions) {
    line(`${execution.status.padEnd(14)} order ${execution.orderId}: ${execution.remedy}  ${execution.arn}`);
    if (!go) continue;
    try {
      line(`${' '.repeat(14)} ${await revive(execution, examination)}`);
    } catch (error) {
      const failure = `${execution.orderId}: ${error instanceof Error ? error.message : error}`;
      failures.push(failure);
      line(`${' '.repeat(14)} NOT done: ${failure}`);
    }
  }
  const messages = queues.reduce((sum, { depth }) => sum + depth, 0);
  line(`${messages} messages, ${executions.length} executions.`);
  return { messages, executions: executions.length, failures };
}

/** @throws UsageError when there is no such queue */
function chosen(queues: readonly DeadLetterQueue[], only: RedriveOptions['only']): DeadLetterQueue[] {
  if (only === 'executions') return [];
  const sorted = queues.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const wanted = sorted.filter(({ name }) => only === undefined || name === only.queue);
  if (wanted.length > 0 || only === undefined) return wanted;
  throw new UsageError(`There is no queue ${only.queue}, but ${sorted.map(({ name }) => name).join(', ')}.`);
}

async function redriveQueue(
  target: Target,
  queue: DeadLetterQueue,
  replay: Replay | undefined,
): Promise<{ text: string; failed: readonly string[]; notes: readonly string[] }> {
  if (replay) {
    const { done, failures, notes } = await drain(target, queue, replay.message);
    return { text: `${done} done: ${replay.how}`, failed: failures, notes };
  }
  if (await moveBack(target, queue))
    return { text: 'on their way back to their queue', failed: [], notes: [] };
  const failed = [`nobody knows where the messages of ${queue.name} belong; read them`];
  return { text: '', failed, notes: [] };
}

await runCommand(import.meta.main, usage, async (args) => {
  const given = readArguments(args, { flags: ['go', 'executions'], options: ['queue'] });
  const queue = given.value('queue');
  if (queue !== undefined && given.has('executions'))
    throw new UsageError('--queue or --executions, not both.');
  const only = queue === undefined ? (given.has('executions') ? 'executions' : undefined) : { queue };
  const target = await connect(given.place);
  try {
    const { messages, executions, failures } = await redrive(target, { go: given.has('go'), only });
    const isDone = given.has('go') && failures.length === 0;
    return isDone || messages + executions === 0 ? 0 : 1;
  } finally {
    target.close();
  }
});
