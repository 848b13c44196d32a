import { Stack } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { type IMetric, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnLoggingConfiguration, CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { constantCorsHeaders } from '../../shared/api/cors.ts';
import { problemDocument } from '../../shared/api/problem.ts';
import type { StageSettings } from '../stage-settings.ts';
import { ownName } from './own-name.ts';
import { ServiceLogGroup } from './service-log-group.ts';
import { ownAnswers, webAclRules } from './web-acl-rules.ts';

export interface WebAclProps {
  readonly settings: StageSettings;
  readonly webAcl: NonNullable<StageSettings['webAcl']>;
  readonly key: IKey;
  readonly api: RestApi;
}

/** Kept out of the log whatever a rule looks at. */
const secretHeaders = ['authorization', 'cookie', 'x-api-key'];
/** Longest that client addresses are kept, in days: they are in each line. */
const addressesKeptDays = 30;

/** AWS WAF in front of the API. Whoever it refuses costs no Lambda and no table a call. */
export class WebAcl extends Construct {
  readonly acl: CfnWebACL;
  readonly logGroup: ILogGroup;

  constructor(scope: Construct, id: string, { settings, webAcl, key, api }: WebAclProps) {
    super(scope, id);
    const name = `storefront-${settings.stage}`;
    const headers = constantCorsHeaders(settings.cors.allowedOrigins);
    this.acl = new CfnWebACL(this, 'Acl', {
      name,
      description: `In front of the storefront API, stage ${settings.stage}`,
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visibility(name),
      customResponseBodies: answers(),
      ...(webAcl.overLimit === 'captcha' ? { tokenDomains: hostsOf(settings.cors.allowedOrigins) } : {}),
      dataProtectionConfig: protectedData(),
      rules: webAclRules(webAcl, headers).map((rule, priority) => ({
        ...rule,
        priority,
        visibilityConfig: visibility(rule.name),
      })),
    });
    new CfnWebACLAssociation(this, 'Association', {
      resourceArn: api.deploymentStage.stageArn,
      webAclArn: this.acl.attrArn,
    });
    this.logGroup = this.log(settings, key);
  }

  /** Requests that were refused, over all rules. */
  metricBlocked(props: { readonly period: Metric['period'] }): IMetric {
    const { region } = Stack.of(this);
    return new Metric({
      namespace: 'AWS/WAFV2',
      metricName: 'BlockedRequests',
      dimensionsMap: { WebACL: this.acl.name ?? '', Region: region, Rule: 'ALL' },
      statistic: 'Sum',
      period: props.period,
    });
  }

  /** Only what a rule acted on is logged: what is let through, the access log has without addresses. */
  private log(settings: StageSettings, key: IKey): ILogGroup {
    // AWS WAF takes no other prefix.
    const name = ownName(this, `aws-waf-logs-storefront-${settings.stage}`);
    const { logGroup } = new ServiceLogGroup(this, 'Logs', {
      settings,
      key,
      name,
      longestRetentionDays: addressesKeptDays,
    });
    const { partition, region, account } = Stack.of(this);
    const configuration = new CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: this.acl.attrArn,
      // A log group's own ARN ends in `:*`, which AWS WAF refuses.
      logDestinationConfigs: [`arn:${partition}:logs:${region}:${account}:log-group:${name}`],
      redactedFields: [
        ...secretHeaders.map((header) => ({ singleHeader: { Name: header } })),
        { queryString: {} },
      ],
      loggingFilter: {
        DefaultBehavior: 'DROP',
        Filters: [
          {
            Behavior: 'KEEP',
            Requirement: 'MEETS_ANY',
            Conditions: ['BLOCK', 'CAPTCHA', 'EXCLUDED_AS_COUNT'].map((action) => ({
              ActionCondition: { Action: action },
            })),
          },
        ],
      },
    });
    configuration.node.addDependency(logGroup);
    return logGroup;
  }
}

/**
 * Where tokens of solved CAPTCHAs come from: a page gets one for its own domain, and by itself AWS WAF takes those of
 * the API's domain alone.
 */
function hostsOf(origins: readonly string[]): string[] {
  return [...new Set(origins.map((origin) => new URL(origin).hostname))];
}

/** Samples would show whole headers in the console. */
function visibility(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: false };
}

/** Redaction covers what rules inspect; this covers every place that shows a request, rate limits' keys included. */
function protectedData(): CfnWebACL.DataProtectionConfigProperty {
  return {
    dataProtections: [
      {
        field: { fieldType: 'SINGLE_HEADER', fieldKeys: [...secretHeaders, 'user-agent', 'x-forwarded-for'] },
        action: 'SUBSTITUTION',
      },
      { field: { fieldType: 'QUERY_STRING' }, action: 'SUBSTITUTION' },
      { field: { fieldType: 'BODY' }, action: 'SUBSTITUTION' },
    ],
  };
}

/** AWS WAF knows no variable for the request's id, so the document cannot name it. */
function answers(): Record<string, CfnWebACL.CustomResponseBodyProperty> {
  return Object.fromEntries(
    Object.entries(ownAnswers).map(([key, { code, detail }]) => [
      key,
      { contentType: 'APPLICATION_JSON', content: JSON.stringify(problemDocument(code, detail, 'unknown')) },
    ]),
  );
}
