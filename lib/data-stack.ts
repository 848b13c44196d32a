import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { type AnalyticsSettings, analyticsPrefixes } from './analytics-settings.ts';
import { Backups } from './constructs/backups.ts';
import { ownName } from './constructs/own-name.ts';
import { type DataTable, type TableKey, Tables } from './constructs/tables.ts';
import type { StageSettings } from './stage-settings.ts';

/** Long enough to mend the cause and bring the records back. */
const errorsKeptDays = 90;
/** Answers can be had again. */
const resultsKeptDays = 7;

export interface DataStackProps extends StackProps {
  readonly settings: StageSettings;
}

/**
 * Everything that must survive a redeployment of the code: tables, analytics bucket, the key they are encrypted
 * with, and the secrets. The backend stack depends on this one, never the other way round.
 *
 * What it exports is the same under all settings. It is deployed before the backend, and CloudFormation takes no
 * export back that the backend of the deployment before imports: leaving a setting out would end in a rollback.
 */
export class DataStack extends Stack {
  readonly key: Key;
  readonly tables: Readonly<Record<TableKey, DataTable>>;
  readonly analyticsBucket: Bucket;
  readonly auth0Secret: Secret;
  readonly captchaSecret: Secret;
  /** Key of the hashes of login codes. */
  readonly mfaSecret: Secret;
  /** What the payment Lambdas read; undefined on a stage that does not pay with Stripe. */
  readonly stripeSecret: Secret | undefined;
  /** For the backend to name; undefined on a stage without nightly backups. */
  readonly backupVaultName: string | undefined;
  private readonly removalPolicy: RemovalPolicy;

  constructor(scope: Construct, id: string, { settings, ...props }: DataStackProps) {
    super(scope, id, props);
    this.removalPolicy = settings.protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.key = this.createKey(settings);
    this.tables = new Tables(this, 'Tables', { key: this.key, protect: settings.protectData }).byKey;
    this.analyticsBucket = this.createAnalyticsBucket(settings.analytics);
    this.auth0Secret = this.createAuth0Secret();
    this.captchaSecret = this.createCaptchaSecret();
    this.mfaSecret = this.createMfaSecret();
    // Made on every stage: a provider may be left and come back to, and finds its keys where they were.
    const stripeSecret = this.createStripeSecret();
    this.exportValue(stripeSecret.secretArn);
    this.stripeSecret = settings.payments.provider === 'stripe' ? stripeSecret : undefined;
    const vaultName = this.backUp(settings);
    this.backupVaultName = settings.backup && vaultName;

    for (const { table } of Object.values(this.tables)) {
      new CfnOutput(this, `${table.node.id}TableName`, { value: table.tableName });
    }
    new CfnOutput(this, 'AnalyticsBucketName', { value: this.analyticsBucket.bucketName });
    new CfnOutput(this, 'Auth0SecretArn', {
      value: this.auth0Secret.secretArn,
      description: 'Put the Auth0 application here: {"clientId", "clientSecret"}.',
    });
    new CfnOutput(this, 'StripeSecretArn', {
      value: stripeSecret.secretArn,
      description: 'Put Stripe\'s key and signing secrets here: {"secretKey", "webhookSecrets": [...]}.',
    });
    new CfnOutput(this, 'CaptchaSecretArn', {
      value: this.captchaSecret.secretArn,
      description: 'Put the CAPTCHA provider\'s secret here: {"secret"}.',
    });
    new CfnOutput(this, 'MfaSecretArn', { value: this.mfaSecret.secretArn });
    new CfnOutput(this, 'KeyArn', { value: this.key.keyArn });
  }

  /**
   * Answers the vault's name for the backend, which is exported whether there is a vault or not. On a stage that
   * protects its data the vault stays without a plan, as the copies of earlier nights lie in it.
   */
  private backUp({ backup, protectData }: StageSettings): string {
    // It outlives its stack: the next one needs another name.
    const vaultName = ownName(this, this.stackName);
    if (backup || protectData) {
      const tables = Object.values(this.tables).map(({ table }) => table);
      new Backups(this, 'Backups', { key: this.key, tables, vaultName, keptDays: backup?.keptDays });
      new CfnOutput(this, 'BackupVaultName', { value: vaultName });
    }
    return this.exportValue(vaultName, { name: `${this.stackName}:BackupVaultName` });
  }

  /** One key for the stage. Services that act without a caller of ours are let in here; Lambdas by their roles. */
  private createKey(settings: StageSettings): Key {
    const key = new Key(this, 'Key', {
      description: `Data of the storefront, stage ${settings.stage}`,
      enableKeyRotation: true,
      removalPolicy: this.removalPolicy,
    });
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'LogGroupsOfThisAccount',
        principals: [new ServicePrincipal(`logs.${this.region}.amazonaws.com`)],
        actions: [
          'kms:Encrypt',
          'kms:Decrypt',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
          'kms:GenerateDataKey',
          'kms:DescribeKey',
        ],
        resources: ['*'],
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': `arn:${this.partition}:logs:${this.region}:${this.account}:log-group:*`,
          },
        },
      }),
    );
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'TopicsOfThisAccount',
        principals: [new ServicePrincipal('sns.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'SchedulesOfThisAccount',
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );
    return key;
  }

  private createAnalyticsBucket({ keptDays, coldAfterDays }: AnalyticsSettings): Bucket {
    const common = {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: this.removalPolicy,
    };
    const accessLogs = new Bucket(this, 'AccessLogs', {
      ...common,
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ expiration: Duration.days(90) }],
    });
    return new Bucket(this, 'Analytics', {
      ...common,
      encryption: BucketEncryption.KMS,
      encryptionKey: this.key,
      bucketKeyEnabled: true,
      // @ts-expect-error: the library's Bucket is no IBucket of its own under exactOptionalPropertyTypes
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: 'analytics/',
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
        {
          prefix: analyticsPrefixes.events,
          expiration: Duration.days(keptDays),
          ...(coldAfterDays === undefined
            ? {}
            : {
                transitions: [
                  {
                    storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL,
                    transitionAfter: Duration.days(coldAfterDays),
                  },
                ],
              }),
        },
        { prefix: analyticsPrefixes.errors, expiration: Duration.days(errorsKeptDays) },
        { prefix: analyticsPrefixes.queryResults, expiration: Duration.days(resultsKeptDays) },
      ],
    });
  }

  /** Created with a placeholder, so that the stack deploys before the Auth0 application exists. */
  private createAuth0Secret(): Secret {
    const secret = new Secret(this, 'Auth0Client', {
      description: 'Auth0 application of the user Lambda: {"clientId", "clientSecret"}',
      encryptionKey: this.key,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ clientId: 'replace-me' }),
        generateStringKey: 'clientSecret',
        excludePunctuation: true,
      },
      removalPolicy: this.removalPolicy,
    });
    acknowledge(
      secret,
      'AwsSolutions-SMG4',
      'Auth0 issues this secret; Secrets Manager cannot rotate it there. docs/operations.md tells how to.',
    );
    return secret;
  }

  /** Created with a value that solves no CAPTCHA, until the provider's own is put there. */
  private createCaptchaSecret(): Secret {
    const secret = new Secret(this, 'Captcha', {
      description: 'CAPTCHA provider of the user Lambda: {"secret"}',
      encryptionKey: this.key,
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: 'secret',
        excludePunctuation: true,
      },
      removalPolicy: this.removalPolicy,
    });
    acknowledge(
      secret,
      'AwsSolutions-SMG4',
      'The CAPTCHA provider issues this secret; Secrets Manager cannot rotate it there.',
    );
    return secret;
  }

  /** Created with a key that Stripe refuses and without a signing secret, so that it pays and hears nothing yet. */
  private createStripeSecret(): Secret {
    const secret = new Secret(this, 'Stripe', {
      description: 'Stripe, of the payment Lambdas: {"secretKey", "webhookSecrets": [...]}',
      encryptionKey: this.key,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ secretKey: 'sk_replace_me', webhookSecrets: [] }),
        generateStringKey: 'unused',
        excludePunctuation: true,
      },
      removalPolicy: this.removalPolicy,
    });
    acknowledge(
      secret,
      'AwsSolutions-SMG4',
      'Stripe issues these secrets; Secrets Manager cannot rotate them there. docs/payments.md tells how to.',
    );
    return secret;
  }

  private createMfaSecret(): Secret {
    const secret = new Secret(this, 'MfaCodes', {
      description: 'Key of the hashes of login codes: {"key"}',
      encryptionKey: this.key,
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: 'key',
        passwordLength: 64,
        excludePunctuation: true,
      },
      removalPolicy: this.removalPolicy,
    });
    acknowledge(
      secret,
      'AwsSolutions-SMG4',
      'It protects hashes for ten minutes, and only beside a read of the table; a rotation would void open codes.',
    );
    return secret;
  }
}
