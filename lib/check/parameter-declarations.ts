import { type Finding, nearestMatch } from '../cfn/errors.ts';
import { isObject, type Json, type JsonObject, type Path, type Template } from '../cfn/template.ts';

const THINGS = [
  ...['AvailabilityZone::Name', 'Image::Id', 'Instance::Id', 'KeyPair::KeyName', 'SecurityGroup::GroupName'],
  ...['SecurityGroup::Id', 'Subnet::Id', 'VPC::Id', 'Volume::Id'],
].map((name) => `AWS::EC2::${name}`);
const SCALARS = ['String', 'Number', ...THINGS, 'AWS::Route53::HostedZone::Id', 'AWS::SSM::Parameter::Name'];
const LISTS = ['CommaDelimitedList', ...SCALARS.map((type) => `List<${type}>`)];

/** Source: CloudFormation user guide, "Parameters" and "Systems Manager parameter types", read 2026-11-21. */
const TYPES = [
  ...[...SCALARS, ...LISTS],
  ...[...SCALARS, ...LISTS].map((type) => `AWS::SSM::Parameter::Value<${type}>`),
];

const NUMBERS = ['MinLength', 'MaxLength', 'MinValue', 'MaxValue'] as const;
const TEXTS = ['Description', 'AllowedPattern', 'ConstraintDescription'] as const;
/** Bytes. Source: "Understand CloudFormation quotas", read 2026-11-21. */
const VALUE = 4096;
const DESCRIPTION = 4000;

/** Declarations of parameters: CFN407 a type that is none, CFN408 a constraint that is not for the type, CFN409 one that is malformed. */
export function checkParameterDeclarations(template: Template): Finding[] {
  const section = template.Parameters as unknown as Json;
  if (!isObject(section)) return [];
  return Object.entries(section).flatMap(([name, body]) =>
    isObject(body) && !name.startsWith('Fn::') ? declaration(name, body, ['Parameters', name]) : [],
  );
}

function declaration(name: string, body: JsonObject, path: Path): Finding[] {
  const findings: Finding[] = [];
  const report = (code: string, key: string, message: string, fix: string): void => {
    findings.push({ code, severity: 'error', path: [...path, key], message: `parameter ${name}: ${message}`, fix });
  };
  const { Type: type } = body;
  if (type !== undefined && type !== null && !TYPES.includes(type as string)) {
    const nearest = typeof type === 'string' ? nearestMatch(type, TYPES) : undefined;
    const given = typeof type === 'object' ? 'its Type' : `${type}`;
    const message = `${given} is no type of a parameter${nearest ? `; did you mean ${nearest}?` : ''}`;
    report('CFN407', 'Type', message, nearest ? `write ${nearest}` : 'use String, Number or CommaDelimitedList');
  }
  for (const key of NUMBERS) {
    const value = body[key];
    if (value === undefined || value === null) continue;
    if (isNumber(value)) continue;
    report('CFN409', key, `${key} is no number`, 'write digits');
  }
  for (const key of TEXTS)
    if (isStructure(body[key]))
      report('CFN409', key, `${key} is no text; functions cannot be used here`, 'write it out');
  if (isStructure(body.Default))
    report(
      'CFN409',
      'Default',
      'Default is no text; functions cannot be used here',
      'write members separated by commas',
    );
  if (typeof body.Description === 'string' && Buffer.byteLength(body.Description) > DESCRIPTION)
    report('CFN409', 'Description', `Description is longer than ${DESCRIPTION} bytes`, 'shorten it');
  if (typeof body.Default === 'string' && Buffer.byteLength(body.Default) > VALUE)
    report('CFN117', 'Default', `Default is longer than ${VALUE} bytes`, 'shorten it');
  const { AllowedValues: allowed, NoEcho: noEcho } = body;
  if (allowed !== undefined && allowed !== null && (!Array.isArray(allowed) || allowed.some(isStructure)))
    report('CFN409', 'AllowedValues', 'AllowedValues is no list of texts', 'write: [value, value]');
  if (noEcho !== undefined && noEcho !== null && !/^(true|false)$/i.test(String(noEcho)))
    report('CFN409', 'NoEcho', 'NoEcho is neither true nor false', 'write true');
  findings.push(...ofAnotherType(name, body, path), ...crossed(name, body, path));
  return findings;
}

/** CloudFormation refuses a constraint that does not go with the type. */
function ofAnotherType(name: string, body: JsonObject, path: Path): Finding[] {
  const type = String(body.Type);
  const strangers =
    type === 'Number'
      ? ['MinLength', 'MaxLength', 'AllowedPattern']
      : SCALARS.includes(type) || type === 'CommaDelimitedList'
        ? ['MinValue', 'MaxValue']
        : [];
  return strangers
    .filter((key) => Object.hasOwn(body, key))
    .map((key) => ({
      code: 'CFN408',
      severity: 'error',
      path: [...path, key],
      message: `parameter ${name}: ${key} is not for the type ${type}`,
      fix: key.endsWith('Value')
        ? 'use MinLength, MaxLength or AllowedPattern'
        : 'use MinValue, MaxValue or AllowedValues',
    }));
}

function crossed(name: string, body: JsonObject, path: Path): Finding[] {
  return (['Length', 'Value'] as const).flatMap((of): Finding[] => {
    const [least, most] = [body[`Min${of}`], body[`Max${of}`]];
    if (!isNumber(least) || !isNumber(most) || Number(least) <= Number(most)) return [];
    const message = `parameter ${name}: Min${of} ${least} is more than Max${of} ${most}`;
    return [{ code: 'CFN409', severity: 'error', path: [...path, `Min${of}`], message, fix: 'exchange them' }];
  });
}

function isNumber(value: Json | undefined): boolean {
  return (
    (typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')) && Number.isFinite(Number(value))
  );
}

function isStructure(value: Json | undefined): boolean {
  return typeof value === 'object' && value !== null;
}
