import { bundleLambdas } from '../../lib/bundle.ts';

/** Tests run the very bundles that deploy, so they are built once before a project's first file. */
export default async function bundleOnce(): Promise<void> {
  await bundleLambdas();
}
