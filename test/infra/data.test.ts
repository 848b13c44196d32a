import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../lib/choose-settings.ts';
import type { StageSettings } from '../../lib/stage-settings.ts';
import { synthesizeSettings } from '../../lib/synthesize.ts';
import {
  allChannels,
  type Resource,
  resource,
  resources,
  stageNames,
  templatesOf,
  text,
} from './templates.ts';

interface Shape {
  readonly keys: string;
  /** Index → "partition, sort: projected attributes". */
  readonly indexes?: Record<string, string>;
}

const shapes: Record<string, Shape> = {
  Users: { keys: 'pk', indexes: { byRole: 'role, userId: ALL', byListing: 'listing, userId: ALL' } },
  Products: {
    keys: 'productId',
  },
  Listings: { keys: 'list, position', indexes: { byName: 'list, nameKey: ALL' } },
  Orders: {
    keys: 'pk, sk',
    indexes: {
      byUser: 'userId, orderId: status',
      byStatus: 'status, orderId: KEYS_ONLY',
      byMonth: 'createdMonth, orderId: status',
      byReversal: 'reversing, orderId: KEYS_ONLY',
    },
  },
  Inventory: {
    keys: 'pk, sk',
    indexes: {
      byOrder: 'orderId, sk: ALL',
      ledger: 'ledgerProductId, ledgerKey: ALL',
      byExpiry: 'holdShard, heldUntil: orderId productId',
    },
  },
  Promotions: { keys: 'pk, sk' },
  Audit: { keys: 'pk, sk', indexes: { byActor: 'actorId, sk: ALL' } },
  AuditSeals: { keys: 'pk, sk' },
  Insights: { keys: 'pk, sk', indexes: { byScore: 'pk, score: KEYS_ONLY' } },
  Idempotency: { keys: 'pk' },
};

function keysOf(schema: readonly { AttributeName: string; KeyType: string }[]): string {
  expect(schema.map(({ KeyType }) => KeyType)).toEqual(['HASH', 'RANGE'].slice(0, schema.length));
  return schema.map(({ AttributeName }) => AttributeName).join(', ');
}

function shapeOf({ properties }: Resource): Shape {
  const indexes = (properties.GlobalSecondaryIndexes ?? []).map(
    ({ IndexName, KeySchema, Projection }: Resource['properties']) => {
      const projected = Projection.NonKeyAttributes?.join(' ') ?? Projection.ProjectionType;
      return [IndexName, `${keysOf(KeySchema)}: ${projected}`];
    },
  );
  return {
    keys: keysOf(properties.KeySchema),
    ...(indexes.length > 0 ? { indexes: Object.fromEntries(indexes) } : {}),
  };
}

describe.each(stageNames)('the data of %s', (stage) => {
  const { data } = templatesOf(stage);
  const isProtected = stage === 'prod';
  const tables = resources(data, 'AWS::DynamoDB::Table');
  const key = resource(data, 'AWS::KMS::Key');
  const stateful = [
    'AWS::DynamoDB::Table',
    'AWS::S3::Bucket',
    'AWS::KMS::Key',
    'AWS::SecretsManager::Secret',
  ];

  it.each(Object.entries(shapes))('has the table %s with its keys and indexes', (name, shape) => {
    const named = tables.filter(({ id }) => new RegExp(`^Tables${name}[0-9A-F]{8}$`).test(id));
    expect(named.map(shapeOf)).toEqual([shape]);
  });

  it('has no other table, and no key that is not a string', () => {
    expect(tables).toHaveLength(Object.keys(shapes).length);
    for (const { properties } of tables) {
      for (const { AttributeName, AttributeType } of properties.AttributeDefinitions) {
        expect(AttributeType, AttributeName).toBe(AttributeName === 'score' ? 'N' : 'S');
      }
    }
  });

  it('is billed on demand, restorable and encrypted under our own key in every table', () => {
    for (const { properties } of tables) {
      expect(properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
        DeletionProtectionEnabled: isProtected,
      });
      expect(text(properties.SSESpecification.KMSMasterKeyId)).toBe(`<${key.id}.Arn>`);
    }
  });

  it(isProtected ? 'outlives its stack' : 'goes with its stack', () => {
    const kept = stateful.flatMap((type) => resources(data, type));
    expect(kept.length).toBeGreaterThan(10);
    for (const { id, deletionPolicy } of kept) {
      expect(deletionPolicy, id).toBe(isProtected ? 'Retain' : 'Delete');
    }
  });

  it('streams changes of products, orders and of the audit trail, whole, and of nothing else', () => {
    const streaming = tables.filter(({ properties }) => properties.StreamSpecification);
    const names = streaming.map(({ id }) => /Tables(\w+?)[0-9A-F]{8}/.exec(id)?.[1]);
    expect(names).toEqual(['Products', 'Orders', 'Audit']);
    for (const { properties } of streaming) {
      expect(properties.StreamSpecification.StreamViewType).toBe('NEW_AND_OLD_IMAGES');
    }
  });

  it('forgets idempotency records by themselves, and nothing else', () => {
    const forgetting = tables.filter(({ properties }) => properties.TimeToLiveSpecification);
    expect(forgetting.map(({ id }) => id)).toEqual([expect.stringContaining('TablesIdempotency')]);
    expect(forgetting[0]?.properties.TimeToLiveSpecification).toEqual({
      AttributeName: 'expiresAt',
      Enabled: true,
    });
  });

  it('lies under a key that rotates and lets in only services of this account', () => {
    expect(key.properties.EnableKeyRotation).toBe(true);
    const [account, ...services] = key.properties.KeyPolicy.Statement;
    expect(text(account.Principal.AWS)).toMatch(/:root$/);
    const letIn = services.map(({ Principal }: Resource['properties']) => text(Object.values(Principal)[0]));
    expect(letIn).toEqual([
      'logs.us-east-1.amazonaws.com',
      'cloudwatch.amazonaws.com',
      'sns.amazonaws.com',
      'events.amazonaws.com',
      expect.stringMatching(/:root$/),
    ]);
    for (const { Condition } of services) expect(Condition).toBeDefined();
  });

  it('is closed to the public and to plain HTTP in every bucket', () => {
    const buckets = resources(data, 'AWS::S3::Bucket');
    expect(buckets).toHaveLength(2);
    const policies = JSON.stringify(resources(data, 'AWS::S3::BucketPolicy'));
    for (const { id, properties } of buckets) {
      expect(Object.values(properties.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
      expect(policies).toContain(id);
    }
    expect(policies.match(/"aws:SecureTransport":"false"/g)).toHaveLength(2);
  });

  it('encrypts the analytics bucket under our own key and logs who reads it', () => {
    const bucket = resource(data, 'AWS::S3::Bucket', 'Analytics').properties;
    const [rule] = bucket.BucketEncryption.ServerSideEncryptionConfiguration;
    expect(rule.ServerSideEncryptionByDefault.SSEAlgorithm).toBe('aws:kms');
    expect(text(rule.ServerSideEncryptionByDefault.KMSMasterKeyID)).toBe(`<${key.id}.Arn>`);
    expect(text(bucket.LoggingConfiguration.DestinationBucketName)).toContain('AccessLogs');
  });

  it('has a secret for Auth0 that starts as a placeholder, under our own key', () => {
    const secret = resource(data, 'AWS::SecretsManager::Secret', 'Auth0Client').properties;
    expect(text(secret.KmsKeyId)).toBe(`<${key.id}.Arn>`);
    expect(JSON.parse(secret.GenerateSecretString.SecretStringTemplate)).toEqual({ clientId: 'replace-me' });
    expect(secret.GenerateSecretString.GenerateStringKey).toBe('clientSecret');
  });

  it('has a secret for the CAPTCHA provider and one for the hashes of codes, under our own key', () => {
    for (const [name, field] of [
      ['Captcha', 'secret'],
      ['MfaCodes', 'key'],
    ]) {
      const secret = resource(data, 'AWS::SecretsManager::Secret', name).properties;
      expect(text(secret.KmsKeyId)).toBe(`<${key.id}.Arn>`);
      expect(secret.GenerateSecretString).toMatchObject({
        GenerateStringKey: field,
        SecretStringTemplate: '{}',
      });
    }
    const codes = resource(data, 'AWS::SecretsManager::Secret', 'MfaCodes').properties;
    expect(codes.GenerateSecretString.PasswordLength).toBe(64);
  });

  it(
    isProtected ? 'is copied each night into a vault that keeps it' : 'is not backed up, for its price',
    () => {
      const vaults = resources(data, 'AWS::Backup::BackupVault');
      expect(vaults).toHaveLength(isProtected ? 1 : 0);
      const [vault] = vaults;
      if (!vault) return;
      expect(vault.deletionPolicy).toBe('RetainExceptOnCreate');
      expect(text(vault.properties.EncryptionKeyArn)).toBe(`<${key.id}.Arn>`);
      expect(vault.properties.LockConfiguration).toEqual({ MinRetentionDays: 35 });
      const { BackupPlanRule } = resource(data, 'AWS::Backup::BackupPlan').properties.BackupPlan;
      expect(BackupPlanRule).toEqual([
        expect.objectContaining({
          ScheduleExpression: 'cron(0 5 * * ? *)',
          Lifecycle: { DeleteAfterDays: 35 },
          TargetBackupVault: { 'Fn::GetAtt': [vault.id, 'BackupVaultName'] },
        }),
      ]);
      // By this role AWS Backup deletes what is old, also after the stack is gone.
      const role = resource(data, 'AWS::IAM::Role', 'Backups');
      expect(role.deletionPolicy).toBe('RetainExceptOnCreate');
      expect(JSON.stringify(role.properties.Policies)).toContain('dynamodb:DeleteBackup');
      const { BackupSelection } = resource(data, 'AWS::Backup::BackupSelection').properties;
      expect(BackupSelection.Resources.map(text).sort()).toEqual(
        tables.map(({ id }) => `<${id}.Arn>`).sort(),
      );
    },
  );

  it(isProtected ? 'sounds an alarm when a copy failed' : 'has no copies that could fail', () => {
    const alarms = resources(templatesOf(stage).backend, 'AWS::CloudWatch::Alarm').filter(({ id }) =>
      id.includes('BackupsFailed'),
    );
    expect(alarms).toHaveLength(isProtected ? 1 : 0);
    const [alarm] = alarms;
    if (!alarm) return;
    const { properties: vault } = resource(data, 'AWS::Backup::BackupVault');
    const name = 'storefront-prod-data:BackupVaultName';
    const exported = Object.values(data.Outputs).find(({ Export }) => Object(Export).Name === name);
    expect(text(exported?.Value)).toBe(text(vault.BackupVaultName));
    const counted = alarm.properties.Metrics.filter(({ MetricStat }: { MetricStat?: object }) => MetricStat);
    expect(
      counted.map(
        ({ MetricStat: { Metric } }: { MetricStat: { Metric: { MetricName: string } } }) => Metric.MetricName,
      ),
    ).toEqual(['NumberOfBackupJobsFailed', 'NumberOfBackupJobsAborted', 'NumberOfBackupJobsExpired']);
    for (const { MetricStat } of counted) {
      const [{ Name, Value }, ...others] = MetricStat.Metric.Dimensions;
      expect(others).toEqual([]);
      expect(Name).toBe('BackupVaultName');
      expect(text(Value)).toBe(`<${name}>`);
    }
    expect(alarm.properties).toMatchObject({ Threshold: 1, TreatMissingData: 'notBreaching' });
  });

  it('is exported the same under all settings, since no export may go that the backend still imports', () => {
    const { backup: _, webAcl: __, ...bare } = stageSettings(stage);
    const captcha = { overLimit: 'captcha', blockAnonymous: true, perAddress: 3000, perToken: 1500 } as const;
    const throttle = { rate: 10, burst: 20 };
    const full: StageSettings = {
      ...stageSettings(stage, {
        notifications: { ...allChannels, staff: ['staff@shop.example'] },
        payments: { provider: 'stripe' },
        cors: { allowedOrigins: ['https://shop.example.com'] },
        analytics: {
          quickSight: { principalArn: 'arn:aws:quicksight:us-east-1:123456789012:group/default/a' },
        },
        alarms: { fewPaid: { orders: 1, hours: 1 } },
        alarmEmail: 'oncall@shop.example',
        auth0: { clientId: 'ours' },
      }),
      backup: { keptDays: 1 },
      webAcl: captcha,
      usagePlan: { clients: ['web'], throttle, requestsPerDay: 1000 },
    };
    const exportsOf = (settings: StageSettings) =>
      Object.values(synthesizeSettings(settings).data.Outputs)
        .filter(({ Export }) => Export !== undefined)
        .map(({ Export, Value }) => `${Object(Export).Name} ${JSON.stringify(Value)}`)
        .sort();
    const exported = exportsOf(bare);
    expect(exported.length).toBeGreaterThan(20);
    expect(exportsOf(full)).toEqual(exported);
  });

  if (isProtected) {
    it('keeps the vault, its lock and its role when no more copies are made', () => {
      const { backup: _, ...settings } = stageSettings(stage);
      const { data: without } = synthesizeSettings(settings);
      expect(resources(without, 'AWS::Backup::BackupPlan')).toEqual([]);
      const vault = resource(without, 'AWS::Backup::BackupVault');
      expect(vault.id).toBe(resource(data, 'AWS::Backup::BackupVault').id);
      expect(vault.properties.LockConfiguration).toEqual({ MinRetentionDays: 1 });
      expect(resource(without, 'AWS::IAM::Role', 'Backups')).toEqual(
        resource(data, 'AWS::IAM::Role', 'Backups'),
      );
    });
  }

  it('tells the name of each table as an output', () => {
    for (const name of Object.keys(shapes)) {
      expect(text(data.Outputs[`${name}TableName`]?.Value)).toContain(`Tables${name}`);
    }
  });
});
