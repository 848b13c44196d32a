import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aspects } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../lib/choose-settings.ts';
import { emulatorContext, leaveOuts } from '../../lib/emulator-leave-outs.ts';
import { addStage, createApp } from '../../lib/storefront-app.ts';
import { allChannels, list, resources, stageNames, templatesOf } from './templates.ts';

const root = join(import.meta.dirname, '..', '..');

// biome-ignore lint/suspicious/noExplicitAny: a test reads any property of any resource
type Resources = Record<string, any>;

/** A stage's two templates, each as it stands in the cloud assembly. */
function synthesize(
  stage: string,
  context: Record<string, string>,
): { Resources: Resources; Outputs: Record<string, unknown> }[] {
  const app = createApp({
    outdir: mkdtempSync(join(tmpdir(), 'storefront-')),
    treeMetadata: false,
    builtinCloudFormationValidation: false,
    context,
    postCliContext: { 'aws:cdk:disable-asset-staging': true },
  });
  const { data, backend } = addStage(app, stageSettings(stage, { notifications: allChannels }));
  const assembly = app.synth();
  return [data, backend].map(({ stackName }) => assembly.getStackByName(stackName).template);
}

const isRefused = ({ Type, Properties }: Resources[string]) =>
  Type === 'AWS::CloudWatch::Alarm'
    ? Properties.Metrics !== undefined
    : leaveOuts.some(({ type, when }) => type === Type && when === undefined);

/** A resource without the references to what is left out, all that CloudFormation would stumble over. */
function withoutReferences(resource: Resources[string], gone: ReadonlySet<string>): Resources[string] {
  const { DependsOn, UpdatePolicy, ...rest } = resource;
  const dependencies = list<string>(DependsOn).filter((id) => !gone.has(id));
  const isMovedByCodeDeploy = UpdatePolicy?.CodeDeployLambdaAliasUpdate !== undefined;
  return {
    ...rest,
    ...(dependencies.length > 0 ? { DependsOn: dependencies } : {}),
    ...(UpdatePolicy && !isMovedByCodeDeploy ? { UpdatePolicy } : {}),
  };
}

describe.each(stageNames)('the stage %s, synthesized for the emulator', (stage) => {
  const normal = synthesize(stage, {});
  const emulated = synthesize(stage, { [emulatorContext]: 'true' });

  it('lacks the resources that are listed, and is the same in everything else', () => {
    for (const [index, { Resources: template }] of normal.entries()) {
      const gone = new Set(Object.keys(template).filter((id) => isRefused(template[id])));
      const kept = Object.keys(template).filter((id) => !gone.has(id));
      const expected = kept.map((id) => [id, withoutReferences(template[id], gone)]);
      const actual = Object.entries(emulated[index]?.Resources ?? {}).map(([id, resource]) => [
        id,
        withoutReferences(resource, new Set()),
      ]);
      expect(Object.fromEntries(actual)).toEqual(Object.fromEntries(expected));
    }
  });

  it('lacks no output but those that would tell of one', () => {
    const missing = normal.flatMap(({ Resources: template, Outputs }, index) =>
      Object.entries(Outputs)
        .filter(([name]) => !(name in (emulated[index]?.Outputs ?? {})))
        // The other stack's, made for what imports it and gone with that.
        .filter(([name]) => !name.startsWith('ExportsOutput'))
        .map(([, output]) => template[(output as { Value: { Ref: string } }).Value.Ref]),
    );
    expect(missing.filter((told) => !isRefused(told))).toEqual([]);
  });

  it('refers to nothing that it lacks', () => {
    for (const { Resources: template, Outputs } of emulated) {
      const text = JSON.stringify([template, Outputs]);
      const references = [...text.matchAll(/"(?:Ref|Fn::GetAtt|DependsOn)":\[?"([A-Za-z0-9]+)"/g)];
      const missing = references.map(([, id = '']) => id).filter((id) => !(id in template));
      expect(missing).toEqual([]);
    }
  });
});

describe('the list of what the emulator refuses', () => {
  it('changes nothing where nobody asks for it', () => {
    const app = createApp({ outdir: mkdtempSync(join(tmpdir(), 'storefront-')) });
    const { data, backend } = addStage(app, stageSettings('prod'));
    const aspects = [data, backend].flatMap((stack) => Aspects.of(stack).all);
    expect(aspects.map((aspect) => aspect.constructor.name)).not.toContain('EmulatorLeaveOuts');
  });

  it('names kinds that some stage has, so that none is left out by mistake', () => {
    const types = stageNames.flatMap((stage) =>
      synthesize(stage, {}).flatMap((template) => Object.values(template.Resources).map(({ Type }) => Type)),
    );
    for (const { type } of leaveOuts) expect(types).toContain(type);
  });

  it('names a test for each alarm that it takes away', () => {
    const files = leaveOuts
      .filter(({ type }) => type === 'AWS::CloudWatch::Alarm')
      .flatMap(({ coveredBy }) => coveredBy.map((file) => readFileSync(join(root, file), 'utf8')));
    const byFormula = resources(templatesOf('prod').backend, 'AWS::CloudWatch::Alarm').filter(
      ({ properties }) => properties.Metrics !== undefined,
    );
    expect(byFormula.length).toBeGreaterThan(5);
    for (const { id, properties } of byFormula) {
      // Those of new versions have no name of ours, and are all alike.
      const name = properties.AlarmName?.split('-').at(-1) ?? 'ExecutedVersion';
      expect(
        files.some((file) => file.includes(name)),
        id,
      ).toBe(true);
    }
  });

  it.each(leaveOuts)('names tests of $type that look at it', ({ type, coveredBy }) => {
    for (const file of coveredBy) {
      const path = join(root, file);
      expect(existsSync(path), file).toBe(true);
      // An application is nothing but the name that its groups share.
      expect(readFileSync(path, 'utf8')).toContain(type.replace(/::Application$/, ''));
    }
  });
});
