import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundlesFolder } from '../../lib/bundle.ts';
import { lambdas, templatesOf } from './templates.ts';

const names = [...lambdas(templatesOf('dev').backend).keys()];
const kilobyte = 1024;
/** Stripe's library is a third of what carries it. */
const limits: Readonly<Record<string, number>> = { authorizer: 300, payment: 1000, 'payment-webhook': 1000 };

describe('the bundle', () => {
  it('exists for every Lambda, and for nothing else', () => {
    expect(readdirSync(bundlesFolder).sort()).toEqual([...names].sort());
  });

  it.each(names)('of %s deploys code alone, its source map kept beside', (name) => {
    expect(readdirSync(join(bundlesFolder, name))).toEqual(['handler.mjs']);
    const maps = join(bundlesFolder, '../maps', name);
    expect(readdirSync(maps)).toEqual(['handler.mjs.map']);
  });

  it.each(names)('of %s stays small, since each cold start reads all of it', (name) => {
    const code = readFileSync(join(bundlesFolder, name, 'handler.mjs'));
    expect(code.length).toBeLessThan((limits[name] ?? 900) * kilobyte);
  });

  it.each(names)('of %s brings along no test, CDK or local runtime', (name) => {
    const map = JSON.parse(readFileSync(join(bundlesFolder, '../maps', name, 'handler.mjs.map'), 'utf8'));
    const foreign =
      /node_modules\/(aws-cdk-lib|vitest|aws-local-stepfunctions)\/|(^|\.\.\/)(local|test|lib)\/[^/]+\.ts$/;
    expect(map.sources.filter((source: string) => foreign.test(source))).toEqual([]);
    expect(map.sources.length).toBeGreaterThan(10);
  });
});
