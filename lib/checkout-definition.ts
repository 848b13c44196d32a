import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** The state machines' sources, with their placeholders. */
const statemachines = join(import.meta.dirname, '..', 'statemachines');

/** Numbers that the definition takes from the stage's settings, in seconds. */
export interface CheckoutTimeouts {
  readonly taskTimeoutSeconds: number;
  readonly profileTimeoutSeconds: number;
  readonly reviewTimeoutSeconds: number;
}

/** Placeholders that CloudFormation resolves, as it alone knows the ARNs. */
export const substitutedPlaceholders = [
  'OrderWorkflowFunctionArn',
  'InventoryFunctionArn',
  'PaymentFunctionArn',
  'NotificationFunctionArn',
  'AnalyticsFunctionArn',
  'AuditFunctionArn',
  'DeadLetterQueueUrl',
] as const;
export type SubstitutedPlaceholder = (typeof substitutedPlaceholders)[number];

const definitionSchema = z.looseObject({ StartAt: z.string(), States: z.record(z.string(), z.unknown()) });

export function readCheckoutDefinition(): string {
  return readFileSync(join(statemachines, 'checkout-orchestrator.asl.json'), 'utf8');
}

export function readReversalDefinition(): string {
  return readFileSync(join(statemachines, 'order-reversal.asl.json'), 'utf8');
}

/**
 * Turns the quoted time-out placeholders of the ASL into numbers. They are quoted in the file so that it stays
 * JSON, but CloudFormation would substitute them as strings, which Step Functions refuses as TimeoutSeconds.
 * @throws Error when the outcome is no state machine, or holds a placeholder that nobody resolves
 */
export function renderCheckoutDefinition(asl: string, timeouts: CheckoutTimeouts): string {
  const numbers: Readonly<Record<string, number>> = {
    TaskTimeoutSeconds: timeouts.taskTimeoutSeconds,
    ProfileTimeoutSeconds: timeouts.profileTimeoutSeconds,
    ReviewTimeoutSeconds: timeouts.reviewTimeoutSeconds,
  };
  const rendered = asl.replaceAll(/"\$\{(\w+)\}"/g, (quoted, name) => String(numbers[name] ?? quoted));
  const unresolved = placeholders(rendered).filter((name) => !isSubstituted(name));
  if (unresolved.length > 0) {
    throw new Error(`The checkout definition has placeholders without a value: ${unresolved.join(', ')}`);
  }
  // Indentation would count against the size that a definition may have.
  return JSON.stringify(definitionSchema.parse(JSON.parse(rendered)));
}

/** Names of the placeholders in a definition, each once. */
export function placeholders(asl: string): string[] {
  return [...new Set([...asl.matchAll(/\$\{([^}]*)\}/g)].map(([, name = '']) => name))];
}

function isSubstituted(name: string): name is SubstitutedPlaceholder {
  return substitutedPlaceholders.some((known) => known === name);
}
