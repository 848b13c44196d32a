import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { bundlesFolderContext } from './bundle.ts';
import { type DeepPartial, stageSettings } from './choose-settings.ts';
import type { StageSettings } from './stage-settings.ts';
import { addStage, createApp } from './storefront-app.ts';

const resourceSchema = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
});
const templateSchema = z.looseObject({
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z.record(z.string(), z.looseObject({ Value: z.unknown() })).default({}),
});

/** A CloudFormation template as far as its readers need it. */
export type CloudFormationTemplate = z.infer<typeof templateSchema>;

/** The templates of a stage's two stacks, as `cdk deploy` would send them. */
export interface StageTemplates {
  readonly data: CloudFormationTemplate;
  readonly backend: CloudFormationTemplate;
}

export interface SynthesizeOptions {
  /** Where the cloud assembly is written; a fresh folder below the system's temporary one by default. */
  readonly outdir?: string;
  readonly settings?: DeepPartial<StageSettings>;
  /** Where the bundles are; `dist/lambdas` by default. */
  readonly bundlesFolder?: string;
}

/**
 * Synthesizes one stage in this process, without the CDK CLI, in well under a second. The bundles must have been built
 * (`bundleLambdas()`); they are referred to where they are, not copied.
 * @throws StageSettingsError on an unknown stage or wrong settings
 */
export function synthesizeStage(stage: string, options: SynthesizeOptions = {}): StageTemplates {
  return synthesizeSettings(stageSettings(stage, options.settings), options);
}

/** The same for settings as they are; an override can take none away. */
export function synthesizeSettings(
  settings: StageSettings,
  options: Omit<SynthesizeOptions, 'settings'> = {},
): StageTemplates {
  const app = createApp({
    outdir: options.outdir ?? mkdtempSync(join(tmpdir(), 'storefront-')),
    treeMetadata: false,
    // Takes longer than all the rest; `cdk synth` and the tests run it.
    builtinCloudFormationValidation: false,
    postCliContext: {
      'aws:cdk:disable-asset-staging': true,
      ...(options.bundlesFolder ? { [bundlesFolderContext]: options.bundlesFolder } : {}),
    },
  });
  const { data, backend } = addStage(app, settings);
  const assembly = app.synth();
  const templateOf = (stackName: string) => {
    const template: unknown = assembly.getStackByName(stackName).template;
    return templateSchema.parse(template);
  };
  return { data: templateOf(data.stackName), backend: templateOf(backend.stackName) };
}
