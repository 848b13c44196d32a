import { bundleLambdas } from '../lib/bundle.ts';
import { StageSettingsError } from '../lib/choose-settings.ts';
import { stageSettingsOf } from '../lib/context-settings.ts';
import { stageNames } from '../lib/stage-settings.ts';
import { addStage, createApp } from '../lib/storefront-app.ts';

await bundleLambdas();
const app = createApp();
const read = (key: string): unknown => app.node.tryGetContext(key);
const stage: unknown = read('stage');
try {
  for (const name of stage === undefined ? stageNames : [String(stage)])
    addStage(app, stageSettingsOf(name, read));
} catch (error) {
  if (!(error instanceof StageSettingsError)) throw error;
  // A typing error of the operator needs its message, not a stack.
  console.error(error.message);
  process.exit(1);
}
