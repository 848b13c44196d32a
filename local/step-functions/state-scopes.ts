import { z } from 'zod';

/** As much of a state as the runtime looks at. */
export interface AslState {
  Type: string;
  Resource?: string | undefined;
  TimeoutSeconds?: number | undefined;
  Branches?: AslMachine[] | undefined;
  [field: string]: unknown;
}

export interface AslMachine {
  States: Record<string, AslState>;
  [field: string]: unknown;
}

const stateSchema: z.ZodType<AslState> = z.lazy(() =>
  z.looseObject({
    Type: z.string(),
    Resource: z.string().optional(),
    TimeoutSeconds: z.number().optional(),
    Branches: z.array(machineSchema).optional(),
  }),
);
export const machineSchema: z.ZodType<AslMachine> = z.looseObject({
  States: z.record(z.string(), stateSchema),
});

/** A state and the branch it stands in; the root's scope is the empty string. */
export interface PlacedState {
  readonly name: string;
  readonly state: AslState;
  readonly scope: string;
}

/** Every state of a machine, those inside Parallel branches too. Scopes read `Parallel/0`. */
export function placedStates(machine: AslMachine, scope = ''): PlacedState[] {
  return Object.entries(machine.States).flatMap(([name, state]) => [
    { name, state, scope },
    ...(state.Branches ?? []).flatMap((branch, index) => placedStates(branch, `${name}/${index}`)),
  ]);
}
