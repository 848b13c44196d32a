import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { paymentProvider, stageSettings } from '../../lib/choose-settings.ts';
import { addStage, createApp } from '../../lib/storefront-app.ts';
import { synthesizeStage } from '../../lib/synthesize.ts';
import { environmentOf, lambdas, resources, statements, templatesOf, text } from './templates.ts';

describe('a stage that pays with Stripe', () => {
  const { data, backend } = synthesizeStage('prod', { settings: { payments: { provider: 'stripe' } } });
  const secrets = resources(data, 'AWS::SecretsManager::Secret').filter(({ id }) => id.startsWith('Stripe'));
  const readers = [...lambdas(backend)].filter(([, { properties }]) => {
    const role = text(properties.Role).slice(1).replace('.Arn>', '');
    return statements(backend, role).some(
      ({ actions, resources: read }) =>
        actions.includes('secretsmanager:GetSecretValue') && read.some((arn) => arn.includes('RefStripe')),
    );
  });

  it('has one secret for it, encrypted with its key and kept when the stack goes', () => {
    expect(secrets).toHaveLength(1);
    expect(secrets[0]).toMatchObject({ deletionPolicy: 'Retain' });
    expect(text(secrets[0]?.properties.KmsKeyId)).toMatch(/^<Key/);
  });

  it('lets the two payment Lambdas read the secret, and nobody else', () => {
    expect(readers.map(([name]) => name).sort()).toEqual(['payment', 'payment-webhook']);
  });

  it('lets payment keep the customer’s id at Stripe in the user record, and read nothing of it', () => {
    const allowed = (stage: ReturnType<typeof synthesizeStage>['backend']) => {
      const role = text(lambdas(stage).get('payment')?.properties.Role).slice(1).replace('.Arn>', '');
      const onUsers = statements(stage, role).filter(({ resources: on }) =>
        on.some((arn) => arn.includes('Users')),
      );
      return onUsers.flatMap(({ actions }) => actions);
    };
    expect(allowed(backend)).toEqual(['dynamodb:UpdateItem']);
    expect(allowed(templatesOf('prod').backend)).toEqual([]);
  });

  it('tells the provider to the Lambdas that have to know it', () => {
    const told = [...lambdas(backend)].filter(([, one]) => 'PAYMENT_PROVIDER' in environmentOf(one));
    expect(told.map(([name]) => name).sort()).toEqual(['order', 'payment', 'payment-webhook']);
    for (const [, one] of told) expect(environmentOf(one)).toMatchObject({ PAYMENT_PROVIDER: 'stripe' });
  });

  it('has no finding of AwsSolutions that nobody explained', () => {
    const app = createApp({ outdir: mkdtempSync(join(tmpdir(), 'storefront-')) });
    addStage(app, stageSettings('prod', { payments: { provider: 'stripe' } }));
    const { violations } = new AwsSolutionsChecks().validateScope(app);
    expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
  });

  it('points no Lambda at another host than Stripe', () => {
    for (const one of lambdas(backend).values())
      expect(environmentOf(one)).not.toHaveProperty('STRIPE_API_URL');
  });
});

describe('a stage that pays in the sandbox', () => {
  it('keeps the secret of Stripe for its return, and lets nobody read it', () => {
    const { data, backend } = templatesOf('dev');
    const secrets = resources(data, 'AWS::SecretsManager::Secret').filter(({ id }) =>
      id.startsWith('Stripe'),
    );
    expect(secrets).toHaveLength(1);
    expect(JSON.stringify(backend)).not.toContain('RefStripe');
  });
});

describe('a payment provider by its name', () => {
  it('is one that exists', () => {
    expect(paymentProvider('dev', 'stripe')).toBe('stripe');
    expect(paymentProvider('dev', undefined)).toBeUndefined();
    expect(() => paymentProvider('dev', 'paypal')).toThrow('choose one of sandbox, stripe');
  });

  it('has to be said for prod, where forgetting it would leave payments with nobody to return them', () => {
    expect(() => paymentProvider('prod', undefined)).toThrow('-c paymentProvider=stripe');
    expect(paymentProvider('prod', 'sandbox')).toBe('sandbox');
  });
});
