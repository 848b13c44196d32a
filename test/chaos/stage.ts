import { renderCheckoutDefinition } from '../../lib/checkout-definition.ts';
import { stageSettings } from '../../lib/choose-settings.ts';
import { prepareStage } from '../../local/build/prepare-stage.ts';
import { type Deployment, readDeployment } from '../../local/template/deployment.ts';
import { readDefinition, type Scope } from './asl/definition.ts';
import { type LambdaCode, type LambdaName, loadLambdaCode, type Patch, patched } from './code.ts';

export interface Machine {
  readonly arn: string;
  readonly definition: Scope;
}

/** What every world of a run is made from: the deployed stage's own description, and the code. */
export interface Stage {
  readonly code: LambdaCode;
  readonly deployment: Deployment;
  readonly machines: readonly Machine[];
  /** Lambda by ARN and by name, as state machines and event sources call it. */
  readonly lambdaOf: ReadonlyMap<string, LambdaName>;
  readonly timeouts: ReadonlyMap<string, number>;
  readonly environments: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** A table's name by the environment variable that carries it, e.g. `ORDERS_TABLE`. */
  table(variable: string): string;
}

const sources = {
  checkout: 'statemachines/checkout-orchestrator.asl.json',
  reversal: 'statemachines/order-reversal.asl.json',
} as const;

/** The dev stage, paid by Stripe. */
const settings = { payments: { provider: 'stripe' } } as const;

/**
 * Synthesizes the stage (kept in `.cache/` for as long as its sources do not change) and bundles the Lambdas.
 * @param patches changes of the code or of the state machines, for the mutation check
 */
export async function loadStage(patches: readonly Patch[] = []): Promise<Stage> {
  const [{ templates }, code] = await Promise.all([
    prepareStage(settings, () => undefined),
    loadLambdaCode(patches.filter(({ file }) => file.endsWith('.ts'))),
  ]);
  const deployment = readDeployment(templates, { awsEndpoint: 'https://aws.invalid', tablePrefix: '' });
  const { functions } = deployment;
  const named = functions.map(({ shortName }) => shortName as LambdaName);
  return {
    code,
    deployment,
    machines: [machine('checkout', deployment, patches), machine('reversal', deployment, patches)],
    lambdaOf: new Map(
      functions.flatMap(({ arn, name }, index) => [
        [arn, named[index] as LambdaName],
        [name, named[index] as LambdaName],
      ]),
    ),
    timeouts: new Map(functions.map(({ shortName, timeoutMs }) => [shortName, timeoutMs])),
    environments: new Map(functions.map(({ shortName, environment }) => [shortName, environment])),
    table(variable) {
      const name = functions
        .map(({ environment }) => environment[variable])
        .find((found) => found !== undefined);
      if (name === undefined) throw new Error(`No Lambda is given ${variable}`);
      return name;
    },
  };
}

/** The file as it stands, or as a patch has it, with the numbers and ARNs of the deployed stage. */
function machine(kind: keyof typeof sources, deployment: Deployment, patches: readonly Patch[]): Machine {
  const asl = patched(sources[kind], patches);
  const variable = `${kind.toUpperCase()}_STATE_MACHINE_ARN`;
  const arn = deployment.functions.map(({ environment }) => environment[variable]).find(Boolean);
  if (arn === undefined) throw new Error(`No Lambda is given ${variable}`);
  const rendered = renderCheckoutDefinition(asl, stageSettings('dev', settings).workflow);
  return {
    arn,
    definition: readDefinition(rendered.replaceAll(/\$\{(\w+)\}/g, (_, name) => place(name, deployment))),
  };
}

/** What CloudFormation puts for a placeholder such as `OrderWorkflowFunctionArn`. */
function place(placeholder: string, { functions, queueUrls }: Deployment): string {
  if (placeholder === 'DeadLetterQueueUrl') {
    const queue = queueUrls.find((url) => url.includes('CheckoutDeadLetters'));
    if (queue) return queue;
  }
  const name = placeholder
    .replace(/FunctionArn$/, '')
    .replaceAll(/\B[A-Z]/g, (letter) => `-${letter}`)
    .toLowerCase();
  const found = functions.find(({ shortName }) => shortName === name);
  if (!found) throw new Error(`The stage has nothing for ${placeholder}`);
  return found.arn;
}
