import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseOutputs, touchedResources, unchangedStacks } from '../../deploy/cdk.ts';
import { deployedStage, emulatedApiUrl } from '../../deploy/deployed-stage.ts';
import { pinnedVersion } from '../../deploy/install.ts';
import { denials, errorsIn } from '../../deploy/lambda-logs.ts';
import { bareName, expectedLeftovers } from '../../deploy/leftovers.ts';

const endpoint = 'https://127.0.0.1:4566';

describe('what cdk deploy prints', () => {
  it('tells which stacks did not change', () => {
    const output = [
      ' ✅  storefront-dev-data (no changes)',
      '✨  Deployment time: 0.1s',
      ' ✅  storefront-dev-backend',
      '✅  storefront-prod-data (no changes)',
    ].join('\n');
    expect(unchangedStacks(output)).toEqual(['storefront-dev-data', 'storefront-prod-data']);
  });

  it('tells which resources were touched, the stack itself apart', () => {
    const event = (status: string, type: string, name: string) =>
      `storefront-dev-data |  3 | 6:18:16 PM | ${status.padEnd(20)} | ${type.padEnd(26)} | ${name} `;
    const output = [
      event('UPDATE_IN_PROGRESS', 'AWS::Lambda::Function', 'Handlers/User/Function (HandlersUserAC8B56C1)'),
      event('UPDATE_COMPLETE', 'AWS::Lambda::Function', 'Handlers/User/Function (HandlersUserAC8B56C1)'),
      event('CREATE_COMPLETE', 'AWS::Lambda::Version', 'Handlers/User/Version (HandlersUserVersion12)'),
      event('UPDATE_COMPLETE', 'AWS::CloudFormation::Stack', 'storefront-dev-data'),
    ].join('\n');
    expect(touchedResources(output)).toEqual(['HandlersUserAC8B56C1', 'HandlersUserVersion12']);
  });
});

describe('the outputs of a stage', () => {
  const outputs = parseOutputs(
    JSON.stringify({
      'storefront-dev-data': { UsersTableName: 'users' },
      'storefront-dev-backend': { ApiUrl: 'https://a1b2c3.execute-api.us-east-1.amazonaws.com/dev/' },
    }),
  );

  it('give the address of the API at the emulator', () => {
    const stage = deployedStage('dev', outputs, endpoint);
    expect(stage.apiUrl).toBe(`${endpoint}/_aws/execute-api/a1b2c3/dev`);
    expect(stage.output('data', 'UsersTableName')).toBe('users');
  });

  it('are missed by name', () => {
    const stage = deployedStage('dev', outputs, endpoint);
    expect(() => stage.output('data', 'Nothing')).toThrow('storefront-dev-data has no output Nothing');
    expect(() => emulatedApiUrl('https://shop.example/', endpoint)).toThrow('is no URL of API Gateway');
    expect(() => parseOutputs('{"stack":{"output":1}}')).toThrow();
  });
});

describe('what is left of a stage', () => {
  it.each([
    [
      'arn:aws:secretsmanager:us-east-1:000000000000:secret:storefront-prod-Auth0-1a2b',
      'storefront-prod-Auth0-1a2b',
    ],
    ['arn:aws:sns:us-east-1:000000000000:storefront-prod-Alarms', 'storefront-prod-Alarms'],
    ['https://localhost:4566/000000000000/storefront-prod-Letters', 'storefront-prod-Letters'],
    ['/aws/cloudformation/storefront-prod-backend/Logs', '/aws/cloudformation/storefront-prod-backend/Logs'],
  ])('goes by the last part of %s', (id, name) => {
    expect(bareName(id)).toBe(name);
  });

  it('should be what the template keeps, of what was there', () => {
    const resource = (logicalId: string, physicalId: string) => ({
      logicalId,
      physicalId,
      type: '',
      status: '',
    });
    const resources = [resource('Users', 'storefront-prod-users'), resource('Role', 'storefront-prod-role')];
    const before = ['dynamodb storefront-prod-users', 'iam storefront-prod-role'];
    expect(expectedLeftovers(before, resources, new Set(['Users']))).toEqual([before[0]]);
  });
});

describe('the logs of the Lambdas', () => {
  it('tell each right once that a role lacked', () => {
    const message =
      '{"error":"AccessDeniedException: User: x is not authorized to perform: ses:SendEmail on resource: y"}';
    const line = { group: 'email', message };
    expect(denials([line, line, { group: 'email', message: '{"level":"INFO"}' }])).toEqual([
      'email is not authorized to perform: ses:SendEmail on resource: y',
    ]);
  });
});

describe('the errors in the logs of the Lambdas', () => {
  it('are the lines that say so, and neither warnings nor what the runtime writes round them', () => {
    const line = (message: string) => ({ group: 'order-notices', message });
    const error = '{"level":"ERROR","message":"change was not told"}';
    const others = [
      'START RequestId: ERROR',
      '{"level":"WARN","message":"ERROR"}',
      '{"level":40}',
      '"ERROR"',
    ];
    expect(errorsIn([error, ...others].map(line))).toEqual([`order-notices: ${error}`]);
  });
});

describe('the pinned emulator', () => {
  const requirements = readFileSync(join(import.meta.dirname, '../../deploy/requirements.txt'), 'utf8');

  it('is one exact version, and every package has hashes', () => {
    expect(pinnedVersion(requirements)).toMatch(/^\d+\.\d+\.\d+$/);
    expect(() => pinnedVersion('ministacked==1.0.0')).toThrow('pins no ministack');
    const packages = requirements.split(/^(?=[a-z])/m).slice(1);
    expect(packages.length).toBeGreaterThan(10);
    for (const text of packages) expect(text, text.split('\n')[0] ?? '').toContain('--hash=sha256:');
  });
});
