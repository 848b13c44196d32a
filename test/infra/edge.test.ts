import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../lib/choose-settings.ts';
import { takesClientKey } from '../../lib/constructs/client-keys.ts';
import { numbersAbove, webAclRules } from '../../lib/constructs/web-acl-rules.ts';
import type { StageSettings } from '../../lib/stage-settings.ts';
import { type CloudFormationTemplate, synthesizeStage } from '../../lib/synthesize.ts';
import { preflightHeaders } from '../../shared/api/cors.ts';
import { maximumBodyBytes } from '../../shared/api/parse-request.ts';
import type { Route } from '../../shared/api/route.ts';
import { routes } from '../../shared/api/routes.ts';
import { resource, resources, templatesOf, text } from './templates.ts';

const table: readonly Route[] = Object.values(routes);
const guessable = table.filter(({ throttle }) => throttle.perAddressPerMinute !== undefined);

// biome-ignore lint/suspicious/noExplicitAny: a test reads any property of a rule
type Rule = any;

function rulesOf(template: CloudFormationTemplate): Map<string, Rule> {
  const { Rules } = resource(template, 'AWS::WAFv2::WebACL').properties;
  return new Map(Rules.map((rule: Rule) => [rule.Name, rule]));
}

function withSetting(
  webAcl: Partial<StageSettings['webAcl']>,
  origins: string[] = [],
): CloudFormationTemplate {
  const settings = { webAcl, cors: { allowedOrigins: origins } };
  return synthesizeStage('prod', { settings }).backend;
}

describe('the web ACL', () => {
  const { backend } = templatesOf('prod');
  const acl = resource(backend, 'AWS::WAFv2::WebACL').properties;
  const rules = rulesOf(backend);

  it('stands before the stage of the API on prod, and on dev is left out for its price', () => {
    const { ResourceArn, WebACLArn } = resource(backend, 'AWS::WAFv2::WebACLAssociation').properties;
    expect(acl.Scope).toBe('REGIONAL');
    expect(text(ResourceArn)).toMatch(
      /^arn:aws:apigateway:us-east-1::\/restapis\/<HttpApi\w+>\/stages\/<HttpApiDeploymentStage\w+>$/,
    );
    expect(text(WebACLArn)).toMatch(/^<WebAcl\w+\.Arn>$/);
    expect(resources(templatesOf('dev').backend).filter(({ type }) => type.startsWith('AWS::WAF'))).toEqual(
      [],
    );
  });

  it('asks its rules in this order and lets through what none of them stops', () => {
    expect(acl.DefaultAction).toEqual({ Allow: {} });
    const ordered = [...rules.values()].sort((a, b) => a.Priority - b.Priority).map(({ Name }) => Name);
    expect(ordered).toEqual([
      'LargeBodies',
      'AmazonIpReputationList',
      'GuessablePOST100',
      'PerAddress',
      'PerToken',
      'KnownBadInputsRuleSet',
      'CommonRuleSet',
    ]);
  });

  it.each(guessable.map((route) => [`${route.method} ${route.path}`, route] as const))(
    'counts %s by itself for each address, as the route table says',
    (_name, { method, path, throttle }) => {
      const { RateBasedStatement } = rules.get('GuessablePOST100').Statement;
      expect(RateBasedStatement).toMatchObject({
        Limit: throttle.perAddressPerMinute,
        EvaluationWindowSec: 60,
        AggregateKeyType: 'CUSTOM_KEYS',
      });
      expect(RateBasedStatement.CustomKeys.map((key: object) => Object.keys(key)[0])).toEqual([
        'IP',
        'UriPath',
      ]);
      const [, { UriPath }] = RateBasedStatement.CustomKeys;
      const transformations = ['URL_DECODE', 'NORMALIZE_PATH'];
      expect(UriPath.TextTransformations.map(({ Type }: Rule) => Type)).toEqual(transformations);
      const [methodMatch, pathMatch] = RateBasedStatement.ScopeDownStatement.AndStatement.Statements;
      expect(methodMatch.ByteMatchStatement).toMatchObject({
        SearchString: method,
        PositionalConstraint: 'EXACTLY',
      });
      const pattern = new RegExp(pathMatch.RegexMatchStatement.RegexString);
      expect(`/prod${path}`).toMatch(pattern);
      expect(path, 'behind a custom domain').toMatch(pattern);
    },
  );

  it('counts by that rule no other route', () => {
    const { RateBasedStatement } = rules.get('GuessablePOST100').Statement;
    const [, pathMatch] = RateBasedStatement.ScopeDownStatement.AndStatement.Statements;
    const pattern = new RegExp(pathMatch.RegexMatchStatement.RegexString);
    const others = table.filter((route) => !guessable.includes(route));
    expect(others.length).toBeGreaterThan(20);
    for (const { path } of others) expect(`/prod${path}`).not.toMatch(pattern);
  });

  it('counts what a user asks for by the token, so without a call of the database', () => {
    const { RateBasedStatement } = rules.get('PerToken').Statement;
    expect(RateBasedStatement).toMatchObject({ Limit: 1500, EvaluationWindowSec: 300 });
    expect(RateBasedStatement.CustomKeys).toEqual([
      { Header: { Name: 'authorization', TextTransformations: [{ Priority: 0, Type: 'LOWERCASE' }] } },
    ]);
  });

  it.each(['GuessablePOST100', 'PerAddress', 'PerToken'])('refuses over %s as 429 rate_limited', (name) => {
    const { CustomResponse } = rules.get(name).Action.Block;
    const window = rules.get(name).Statement.RateBasedStatement.EvaluationWindowSec;
    expect(CustomResponse).toEqual({
      ResponseCode: 429,
      CustomResponseBodyKey: 'RateLimited',
      ResponseHeaders: [{ Name: 'Retry-After', Value: String(window) }],
    });
    expect(JSON.parse(acl.CustomResponseBodies.RateLimited.Content)).toMatchObject({
      code: 'rate_limited',
      status: 429,
    });
  });

  it('refuses declared bodies over 256 KB as 413, and none below', () => {
    const { RegexMatchStatement } = rules.get('LargeBodies').Statement;
    expect(RegexMatchStatement.FieldToMatch).toEqual({ SingleHeader: { Name: 'content-length' } });
    expect(RegexMatchStatement.RegexString.length).toBeLessThan(512);
    const pattern = new RegExp(RegexMatchStatement.RegexString);
    for (const bytes of [maximumBodyBytes + 1, 262_150, 262_200, 270_000, 300_000, 10_000_000]) {
      expect(String(bytes)).toMatch(pattern);
    }
    for (const bytes of [0, 8_193, 99_999, 199_999, 262_143, maximumBodyBytes]) {
      expect(String(bytes)).not.toMatch(pattern);
    }
    expect(rules.get('LargeBodies').Action.Block.CustomResponse).toEqual({
      ResponseCode: 413,
      CustomResponseBodyKey: 'TooLarge',
    });
  });

  it('takes the rule groups of AWS, without those rules that would refuse honest requests', () => {
    const overrides = (name: string) =>
      rules.get(name).Statement.ManagedRuleGroupStatement.RuleActionOverrides ?? [];
    expect(overrides('CommonRuleSet')).toEqual([
      { Name: 'SizeRestrictions_BODY', ActionToUse: { Count: {} } },
      { Name: 'NoUserAgent_HEADER', ActionToUse: { Count: {} } },
    ]);
    for (const name of ['AmazonIpReputationList', 'KnownBadInputsRuleSet', 'CommonRuleSet']) {
      expect(rules.get(name).OverrideAction).toEqual({ None: {} });
    }
  });

  it('logs what it stopped, encrypted, for 30 days, without tokens, cookies and keys', () => {
    const { RedactedFields, LoggingFilter, LogDestinationConfigs } = resource(
      backend,
      'AWS::WAFv2::LoggingConfiguration',
    ).properties;
    const group = resource(backend, 'AWS::Logs::LogGroup', 'WebAcl').properties;
    const name = 'aws-waf-logs-storefront-prod-<part of <part of <AWS::StackId>>>';
    expect(text(group.LogGroupName)).toBe(name);
    expect(group.RetentionInDays).toBe(30);
    expect(text(group.KmsKeyId)).toContain('Key');
    expect(LogDestinationConfigs.map(text)).toEqual([
      `arn:aws:logs:us-east-1:<AWS::AccountId>:log-group:${name}`,
    ]);
    expect(RedactedFields).toEqual([
      { SingleHeader: { Name: 'authorization' } },
      { SingleHeader: { Name: 'cookie' } },
      { SingleHeader: { Name: 'x-api-key' } },
      { QueryString: {} },
    ]);
    expect(LoggingFilter.DefaultBehavior).toBe('DROP');
    const kept = LoggingFilter.Filters[0].Conditions.map((one: Rule) => one.ActionCondition.Action);
    expect(kept).toEqual(['BLOCK', 'CAPTCHA', 'EXCLUDED_AS_COUNT']);
  });

  it('shows tokens and bodies nowhere else either', () => {
    const protectedFields = acl.DataProtectionConfig.DataProtections.map(({ Field }: Rule) => Field);
    expect(protectedFields).toEqual([
      {
        FieldType: 'SINGLE_HEADER',
        FieldKeys: ['authorization', 'cookie', 'x-api-key', 'user-agent', 'x-forwarded-for'],
      },
      { FieldType: 'QUERY_STRING' },
      { FieldType: 'BODY' },
    ]);
    for (const { VisibilityConfig } of [acl, ...rules.values()]) {
      expect(VisibilityConfig).toMatchObject({
        CloudWatchMetricsEnabled: true,
        SampledRequestsEnabled: false,
      });
    }
  });

  it('sets off an alarm when it refuses very much', () => {
    expect(resource(backend, 'AWS::CloudWatch::Alarm', 'FirewallRefuses').properties).toMatchObject({
      Namespace: 'AWS/WAFV2',
      MetricName: 'BlockedRequests',
      Threshold: 1000,
      AlarmDescription: expect.stringMatching(/customers may be turned away/i),
      Dimensions: [
        { Name: 'Region', Value: 'us-east-1' },
        { Name: 'Rule', Value: 'ALL' },
        { Name: 'WebACL', Value: acl.VisibilityConfig.MetricName },
      ],
    });
  });
});

describe('the settings of the web ACL', () => {
  const origins = ['https://shop.example.com', 'https://shop.example.com:8443', 'https://admin.example.com'];
  const withCaptcha = withSetting({ overLimit: 'captcha' }, origins);

  it('show a CAPTCHA to an address over its limit, but never to a token', () => {
    const rules = rulesOf(withCaptcha);
    expect(rules.get('GuessablePOST100').Action).toEqual({ Captcha: {} });
    expect(rules.get('PerAddress').Action).toEqual({ Captcha: {} });
    expect(rules.get('PerToken').Action).toHaveProperty('Block');
  });

  it('take the tokens that pages of the allowed origins get, each for the domain of its own', () => {
    const acl = resource(withCaptcha, 'AWS::WAFv2::WebACL').properties;
    expect(acl.TokenDomains).toEqual(['shop.example.com', 'admin.example.com']);
    expect(preflightHeaders(['GET'])['Access-Control-Allow-Headers']).toContain('X-Aws-Waf-Token');
    expect(resource(templatesOf('prod').backend, 'AWS::WAFv2::WebACL').properties).not.toHaveProperty(
      'TokenDomains',
    );
  });

  it('ask for no CAPTCHA at a preflight, which has no token, and bound preflights by themselves', () => {
    const rules = rulesOf(withCaptcha);
    const exempt = rules.get('PerAddress').Statement.RateBasedStatement.ScopeDownStatement.NotStatement;
    const isPreflight = rules.get('PreflightsPerAddress').Statement.RateBasedStatement;
    expect(exempt.Statement.OrStatement.Statements).toContainEqual(isPreflight.ScopeDownStatement);
    expect(isPreflight).toMatchObject({
      Limit: 3000,
      ScopeDownStatement: { ByteMatchStatement: { SearchString: 'OPTIONS' } },
    });
    expect(rules.get('PreflightsPerAddress').Action).toHaveProperty('Block');
  });

  it('refuse a CAPTCHA where no page could solve it', () => {
    expect(() => withSetting({ overLimit: 'captcha' })).toThrow('an origin in cors.allowedOrigins');
  });

  it('refuse anonymizers when told to', () => {
    const rules = rulesOf(withSetting({ blockAnonymous: true }));
    expect(rules.get('AnonymousIpList').Statement.ManagedRuleGroupStatement.Name).toBe(
      'AWSManagedRulesAnonymousIpList',
    );
  });

  it('let pages of the allowed origins read its refusals', () => {
    const rules = rulesOf(withSetting({}, ['https://shop.example.com']));
    const { ResponseHeaders } = rules.get('PerAddress').Action.Block.CustomResponse;
    expect(ResponseHeaders).toContainEqual({
      Name: 'Access-Control-Allow-Origin',
      Value: 'https://shop.example.com',
    });
  });
});

describe('a machine that signs its requests, such as a payment provider', () => {
  const { webAcl } = stageSettings('prod');
  if (!webAcl) throw new Error('prod has no web ACL');
  const anyRoute = routes.loginUser;
  const webhook: Route = { ...anyRoute, path: '/order/payment-webhook', signatureHeader: 'Stripe-Signature' };
  const perAddress = (table: readonly Route[]) =>
    webAclRules(webAcl, {}, table).find(({ name }) => name === 'PerAddress')?.statement;

  it('is not counted by its address, from which it calls for all customers', () => {
    const { rateBasedStatement } = Object(perAddress([...table, webhook]));
    const { regexMatchStatement } = rateBasedStatement.scopeDownStatement.notStatement.statement;
    const exempt = new RegExp(regexMatchStatement.regexString);
    expect('/prod/order/payment-webhook').toMatch(exempt);
    expect('/order/payment-webhook').toMatch(exempt);
    const others = table.filter(({ signatureHeader }) => signatureHeader === undefined);
    expect(others.length).toBeGreaterThan(20);
    for (const { path } of others) expect(`/prod${path}`, path).not.toMatch(exempt);
  });

  it('is the only one: where there is none, everybody is counted', () => {
    const unsigned = table.filter(({ signatureHeader }) => signatureHeader === undefined);
    expect(perAddress(unsigned)).toEqual({
      rateBasedStatement: { limit: webAcl.perAddress, aggregateKeyType: 'IP', evaluationWindowSec: 300 },
    });
  });

  it('has no key of an application', () => {
    expect(takesClientKey(webhook)).toBe(false);
    expect(takesClientKey(anyRoute)).toBe(true);
  });
});

describe('the expression of the numbers above a limit', () => {
  it.each([9, 10, 99, 100, 1999, 262_144])('tells the numbers above %i from the others', (limit) => {
    const pattern = new RegExp(`^(${numbersAbove(limit)})$`);
    const around = Array.from({ length: 3 * limit + 20 }, (_, number) => number);
    const wrong = around.filter((number) => pattern.test(String(number)) !== number > limit);
    expect(wrong).toEqual([]);
  });
});
