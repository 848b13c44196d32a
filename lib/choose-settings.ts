import { paymentProviders, type StageSettings, settingsSchema, stageNames } from './stage-settings.ts';
import { stages } from './stages.ts';

export type DeepPartial<T> = T extends object ? { [K in keyof T]?: DeepPartial<T[K]> | undefined } : T;

/** A stage that does not exist, or settings that no stage can run with. */
export class StageSettingsError extends Error {
  override readonly name = 'StageSettingsError';
}

/**
 * Settings of a stage, overridden where told and validated.
 * @throws StageSettingsError naming the unknown stage, or each setting that is wrong
 */
export function stageSettings(stage: string, overrides: DeepPartial<StageSettings> = {}): StageSettings {
  const known = stageNames.find((name) => name === stage);
  if (!known) {
    throw new StageSettingsError(
      `Unknown stage "${stage}": choose one of ${stageNames.join(', ')} (cdk -c stage=dev).`,
    );
  }
  const parsed = settingsSchema.safeParse(merge(stages[known], overrides));
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new StageSettingsError(`Settings of stage "${stage}" are wrong:\n${problems.join('\n')}`);
  }
  return parsed.data;
}

/**
 * A stage's payment provider by the name that the operator gave. prod has no default: a deployment that forgot to
 * say it would sell for nothing, or leave the payments of the provider before with nobody to return them.
 * @throws StageSettingsError naming those that exist
 */
export function paymentProvider(
  stage: string,
  name: string | undefined,
): (typeof paymentProviders)[number] | undefined {
  const known = paymentProviders.find((one) => one === name);
  if (known) return known;
  if (name === undefined && stage !== 'prod') return undefined;
  if (name === undefined) {
    throw new StageSettingsError(
      'Say who takes the money of stage "prod": -c paymentProvider=stripe, or sandbox, which takes none (docs/payments.md).',
    );
  }
  throw new StageSettingsError(
    `Unknown payment provider "${name}": choose one of ${paymentProviders.join(', ')}.`,
  );
}

/** An override that is undefined leaves the setting alone, so callers may pass what they have not got. */
function merge(base: unknown, overrides: unknown): unknown {
  if (overrides === undefined) return base;
  if (!isRecord(base) || !isRecord(overrides)) return overrides;
  const merged = { ...base };
  for (const [key, value] of Object.entries(overrides)) merged[key] = merge(base[key], value);
  return merged;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
