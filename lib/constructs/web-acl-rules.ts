import type { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { maximumBodyBytes } from '../../shared/api/parse-request.ts';
import { problems } from '../../shared/api/problem.ts';
import type { Route } from '../../shared/api/route.ts';
import { routes } from '../../shared/api/routes.ts';
import type { StageSettings } from '../stage-settings.ts';

type Settings = NonNullable<StageSettings['webAcl']>;
type Statement = CfnWebACL.StatementProperty;
type Rule = Omit<CfnWebACL.RuleProperty, 'priority' | 'visibilityConfig'>;

/** What the web ACL answers in the API's own terms; each is a body of the ACL. */
export const ownAnswers = {
  RateLimited: { code: 'rate_limited', detail: 'Too many requests. Slow down.' },
  TooLarge: { code: 'payload_too_large', detail: `The body may have ${maximumBodyBytes} bytes at most.` },
} as const;

const untouched = [{ priority: 0, type: 'NONE' }];
/** As the gateway reads a path: `%6C` is `l`. */
const decoded = [
  { priority: 0, type: 'URL_DECODE' },
  { priority: 1, type: 'NORMALIZE_PATH' },
];
/** `bearer` may be spelled in 64 ways; tokens that differ in case alone do not happen. */
const lowerCase = [{ priority: 0, type: 'LOWERCASE' }];
const minute = 60;
const preflights = methodIs('OPTIONS');
const fiveMinutes = 5 * minute;

/** The rules in the order in which they are asked. The cheap and certain ones come first. */
export function webAclRules(
  settings: Settings,
  headers: Readonly<Record<string, string>>,
  table: readonly Route[] = Object.values(routes),
): Rule[] {
  return [
    largeBodies(headers),
    managed('AWSManagedRulesAmazonIpReputationList'),
    ...(settings.blockAnonymous ? [managed('AWSManagedRulesAnonymousIpList')] : []),
    ...guessableRoutes(settings, headers, table),
    limited('PerAddress', fiveMinutes, overLimit(settings, fiveMinutes, headers), {
      limit: settings.perAddress,
      aggregateKeyType: 'IP',
      ...allBut(settings.overLimit === 'captcha' ? [signed(table), preflights] : [signed(table)]),
    }),
    // A browser sends no token with a preflight: asked for a CAPTCHA, it could never get to the request itself.
    ...(settings.overLimit === 'captcha'
      ? [
          limited('PreflightsPerAddress', fiveMinutes, refuse('RateLimited', headers, fiveMinutes), {
            limit: settings.perAddress,
            aggregateKeyType: 'IP',
            scopeDownStatement: preflights,
          }),
        ]
      : []),
    // A CAPTCHA is for people whose neighbours share their address; a token is one user's own.
    limited('PerToken', fiveMinutes, refuse('RateLimited', headers, fiveMinutes), {
      limit: settings.perToken,
      aggregateKeyType: 'CUSTOM_KEYS',
      customKeys: [{ header: { name: 'authorization', textTransformations: lowerCase } }],
    }),
    managed('AWSManagedRulesKnownBadInputsRuleSet'),
    managed('AWSManagedRulesCommonRuleSet', [
      // It refuses what has more than 8 KB, where the API takes 256.
      'SizeRestrictions_BODY',
      // Nothing asks clients for a User-Agent.
      'NoUserAgent_HEADER',
    ]),
  ];
}

/**
 * Refuses what declares a body beyond the API's limit. AWS WAF sees a body's first kilobytes only, so it goes by
 * Content-Length; a body that declares no length is refused by the handler.
 */
function largeBodies(headers: Readonly<Record<string, string>>): Rule {
  return {
    name: 'LargeBodies',
    statement: {
      regexMatchStatement: {
        fieldToMatch: { singleHeader: { Name: 'content-length' } },
        regexString: `^0*(${numbersAbove(maximumBodyBytes)})$`,
        textTransformations: untouched,
      },
    },
    action: refuse('TooLarge', headers),
  };
}

/** Counts each guessable route by itself, for each address. The dispatcher counts them too, exactly but dearer. */
function guessableRoutes(
  settings: Settings,
  headers: Readonly<Record<string, string>>,
  table: readonly Route[],
): Rule[] {
  const guessable = table.flatMap(({ method, path, throttle: { perAddressPerMinute: limit } }) =>
    limit === undefined ? [] : [{ method, path, limit }],
  );
  const groups = Map.groupBy(guessable, ({ method, limit }) => `${method}${limit}`);
  return [...groups].flatMap(([name, group]) => {
    const [{ method, limit } = {}] = group;
    if (method === undefined || limit === undefined) return [];
    const paths = group.map(({ path }) => path);
    return limited(`Guessable${name}`, minute, overLimit(settings, minute, headers), {
      limit,
      aggregateKeyType: 'CUSTOM_KEYS',
      customKeys: [{ ip: {} }, { uriPath: { textTransformations: decoded } }],
      scopeDownStatement: { andStatement: { statements: [methodIs(method), pathIsOneOf(paths)] } },
    });
  });
}

/**
 * Who signs requests is one machine, which calls for all customers from few addresses. Such a route has its own
 * throttle, and refuses what is not signed.
 */
function signed(table: readonly Route[]): Statement | undefined {
  const routes = table.filter(({ signatureHeader }) => signatureHeader !== undefined);
  return routes.length === 0 ? undefined : pathIsOneOf(routes.map(({ path }) => path));
}

/** Counts every request but those of which one of the statements is true. */
function allBut(statements: readonly (Statement | undefined)[]): { scopeDownStatement?: Statement } {
  const given = statements.filter((statement) => statement !== undefined);
  const [first, second] = given;
  if (first === undefined) return {};
  const any = second === undefined ? first : { orStatement: { statements: given } };
  return { scopeDownStatement: { notStatement: { statement: any } } };
}

function methodIs(method: string): Statement {
  return {
    byteMatchStatement: {
      fieldToMatch: { method: {} },
      positionalConstraint: 'EXACTLY',
      searchString: method,
      textTransformations: untouched,
    },
  };
}

/** The path begins with the stage's name, unless a custom domain hides it. */
function pathIsOneOf(paths: readonly string[]): Statement {
  const patterns = paths.map((path) => path.replaceAll(/\{\w+\}/g, '[^/]+'));
  return {
    regexMatchStatement: {
      fieldToMatch: { uriPath: {} },
      regexString: `^(/[^/]+)?(${patterns.join('|')})/?$`,
      textTransformations: decoded,
    },
  };
}

function limited(
  name: string,
  evaluationWindowSec: number,
  action: CfnWebACL.RuleActionProperty,
  rate: CfnWebACL.RateBasedStatementProperty,
): Rule {
  return { name, action, statement: { rateBasedStatement: { ...rate, evaluationWindowSec } } };
}

function overLimit(
  { overLimit }: Settings,
  windowSeconds: number,
  headers: Readonly<Record<string, string>>,
): CfnWebACL.RuleActionProperty {
  return overLimit === 'captcha' ? { captcha: {} } : refuse('RateLimited', headers, windowSeconds);
}

function refuse(
  answer: keyof typeof ownAnswers,
  headers: Readonly<Record<string, string>>,
  retryAfterSeconds?: number,
): CfnWebACL.RuleActionProperty {
  const all = Object.entries({
    ...headers,
    ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
  });
  return {
    block: {
      customResponse: {
        customResponseBodyKey: answer,
        responseCode: problems[ownAnswers[answer].code].status,
        // An empty list is refused.
        ...(all.length > 0 ? { responseHeaders: all.map(([name, value]) => ({ name, value })) } : {}),
      },
    },
  };
}

/** A group of rules that AWS keeps up to date; `counted` are those of it that refuse nothing. */
function managed(name: string, counted: readonly string[] = []): Rule {
  return {
    name: name.replace('AWSManagedRules', ''),
    overrideAction: { none: {} },
    statement: {
      managedRuleGroupStatement: {
        vendorName: 'AWS',
        name,
        ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
      },
    },
  };
}

/** A regular expression of the decimal numbers above a limit, without leading zeros. */
export function numbersAbove(limit: number): string {
  const digits = String(limit);
  const asLong = [...digits].flatMap((digit, index) => {
    const rest = digits.length - index - 1;
    const higher = digit === '9' ? [] : [`${digits.slice(0, index)}[${Number(digit) + 1}-9]`];
    return higher.map((start) => (rest > 0 ? `${start}[0-9]{${rest}}` : start));
  });
  return [...asLong, `[1-9][0-9]{${digits.length},}`].join('|');
}
