import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import { z } from 'zod';
import { type AslMachine, machineSchema, type PlacedState, placedStates } from './state-scopes.ts';

export interface DefinitionOptions {
  readonly retryIntervalScale: number;
  readonly stateTimeoutSeconds: Readonly<Record<string, number>>;
}

export interface LoadedDefinition {
  readonly definition: StateMachineDefinition;
  readonly states: readonly PlacedState[];
}

/** setTimeout cannot wait longer than 2^31 - 1 ms. */
const longestTimeoutSeconds = 2_147_000;

const retrySchema = z.array(
  z.looseObject({ IntervalSeconds: z.number().default(1), MaxDelaySeconds: z.number().optional() }),
);

const isDefinition = (value: AslMachine): value is AslMachine & StateMachineDefinition => 'StartAt' in value;

/**
 * Prepares an ASL document for the interpreter. Its deviations from AWS are undone here:
 * it replaces `$$.Execution` by the branch's own inside a Parallel, takes ResultPath `$` for a field's name,
 * and gives a Task without TimeoutSeconds one minute.
 */
export function loadDefinition(asl: string, options: DefinitionOptions): LoadedDefinition {
  const text = asl.replaceAll('$$.Execution.', () => '$$.Run.');
  const machine = machineSchema.parse(JSON.parse(text));
  const states = placedStates(machine);
  for (const { name, state } of states) {
    if (state.Type === 'Task') {
      const seconds = options.stateTimeoutSeconds[name] ?? state.TimeoutSeconds ?? longestTimeoutSeconds;
      state.TimeoutSeconds = Math.min(seconds, longestTimeoutSeconds);
    }
    dropWholeResultPath(state);
    if (Array.isArray(state.Catch)) state.Catch.forEach(dropWholeResultPath);
    if (state.Retry !== undefined && options.retryIntervalScale !== 1)
      state.Retry = scaleRetries(state.Retry, options.retryIntervalScale);
  }
  if (!isDefinition(machine)) throw new Error('The state machine has no StartAt.');
  return { definition: machine, states };
}

/** ResultPath `$` is the default: the result replaces the input. */
function dropWholeResultPath(holder: Record<string, unknown>): void {
  if (holder.ResultPath === '$') delete holder.ResultPath;
}

function scaleRetries(retry: unknown, scale: number): unknown {
  return retrySchema.parse(retry).map(({ MaxDelaySeconds, ...retrier }) => ({
    ...retrier,
    IntervalSeconds: retrier.IntervalSeconds * scale,
    ...(MaxDelaySeconds === undefined ? {} : { MaxDelaySeconds: MaxDelaySeconds * scale }),
  }));
}
