import { z } from 'zod';
import {
  placeholders,
  readCheckoutDefinition,
  readReversalDefinition,
} from '../../lib/checkout-definition.ts';

const retrierSchema = z.looseObject({ ErrorEquals: z.array(z.string()), MaxAttempts: z.number().optional() });
const catcherSchema = z.looseObject({ ErrorEquals: z.array(z.string()), Next: z.string() });

export interface AslState {
  readonly Type: string;
  readonly Comment?: string | undefined;
  readonly Resource?: string | undefined;
  readonly Parameters?: Record<string, unknown> | undefined;
  readonly TimeoutSeconds?: unknown;
  readonly Retry?: z.infer<typeof retrierSchema>[] | undefined;
  readonly Catch?: z.infer<typeof catcherSchema>[] | undefined;
  readonly Next?: string | undefined;
  readonly End?: boolean | undefined;
  readonly Choices?: { Next: string }[] | undefined;
  readonly Default?: string | undefined;
  readonly Branches?: AslMachine[] | undefined;
}

export interface AslMachine {
  readonly StartAt: string;
  readonly States: Record<string, AslState>;
}

const stateSchema: z.ZodType<AslState> = z.lazy(() =>
  z.looseObject({
    Type: z.string(),
    Comment: z.string().optional(),
    Resource: z.string().optional(),
    Parameters: z.record(z.string(), z.unknown()).optional(),
    TimeoutSeconds: z.unknown().optional(),
    Retry: z.array(retrierSchema).optional(),
    Catch: z.array(catcherSchema).optional(),
    Next: z.string().optional(),
    End: z.boolean().optional(),
    Choices: z.array(z.looseObject({ Next: z.string() })).optional(),
    Default: z.string().optional(),
    Branches: z.array(machineSchema).optional(),
  }),
);
const machineSchema: z.ZodType<AslMachine> = z.lazy(() =>
  z.looseObject({ StartAt: z.string(), States: z.record(z.string(), stateSchema) }),
);

export const checkout = machineSchema.parse(JSON.parse(readCheckoutDefinition()));
export const reversal = machineSchema.parse(JSON.parse(readReversalDefinition()));

/** A state with its name and the machine or branch that it stands in. */
export interface NamedState {
  readonly name: string;
  readonly state: AslState;
  readonly within: AslMachine;
}

/** Every state of a machine and of its branches. */
export function allStates(machine: AslMachine): NamedState[] {
  return Object.entries(machine.States).flatMap(([name, state]) => [
    { name, state, within: machine },
    ...(state.Branches ?? []).flatMap(allStates),
  ]);
}

export function isTask({ state }: NamedState): boolean {
  return state.Type === 'Task';
}

/** Where a state can go to when it goes well. */
export function successors(state: AslState): string[] {
  const choices = (state.Choices ?? []).map(({ Next }) => Next);
  return [state.Next, state.Default, ...choices].filter((name) => name !== undefined);
}

/** Where a state can go to when it fails. */
export function failures(state: AslState): string[] {
  return (state.Catch ?? []).map(({ Next }) => Next);
}

/** Names of the states that can be reached from some, these included, by any way. */
export function reachable(machine: AslMachine, from: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const left = [...from];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    const state = machine.States[name];
    if (!state) throw new Error(`A way leads to the state ${name}, which does not exist`);
    if (seen.has(name)) continue;
    seen.add(name);
    left.push(...successors(state), ...failures(state));
  }
  return seen;
}

/** Whether every way from a state, however its tasks end, passes one of the states named. */
export function alwaysPasses(machine: AslMachine, from: string, through: readonly string[]): boolean {
  const seen = new Set<string>();
  const avoids = (name: string): boolean => {
    if (through.includes(name) || seen.has(name)) return false;
    seen.add(name);
    const state = machine.States[name];
    if (!state) throw new Error(`A way leads to the state ${name}, which does not exist`);
    const next = [...successors(state), ...failures(state)];
    return next.length === 0 || next.some(avoids);
  };
  return !avoids(from);
}

/** The Lambda placeholder and the task that a Task calls; undefined where it calls another service. */
export function calledTask(state: AslState): { lambda: string; task: string } | undefined {
  const [lambda] = placeholders(String(state.Parameters?.FunctionName ?? ''));
  const payload = z.looseObject({ task: z.string() }).safeParse(state.Parameters?.Payload);
  return lambda && payload.success ? { lambda, task: payload.data.task } : undefined;
}

/** The undo that a state's comment names as `undo: X`. */
export function namedUndo(state: AslState): string | undefined {
  return /undo: (\w+)/.exec(state.Comment ?? '')?.[1];
}
