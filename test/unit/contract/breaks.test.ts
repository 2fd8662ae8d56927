import { describe, expect, test } from '@jest/globals';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import type {
  Json,
  JsonObject,
  OutputBody,
  ParameterBody,
  Path,
  ResourceBody,
  Template,
} from '../../../lib/cfn/template.ts';
import { type Contract, proveContract } from '../../../lib/contract/contract.ts';
import type { GivenStack } from '../../../lib/contract/stack.ts';
import { and, equals, getAtt, named, not, ref, text, when } from '../scenarios/support.ts';

const sub = (template: string): JsonObject => ({ 'Fn::Sub': template });
const imported = (name: Json): JsonObject => ({ 'Fn::ImportValue': name });
const join = (...items: Json[]): JsonObject => ({ 'Fn::Join': [',', items] });

/** A stack of a test: its template, and what is known of its deployment. */
interface Part extends Partial<Template> {
  given?: Omit<GivenStack, 'document'>;
}

const SUFFIX = { EnvironmentSuffix: text({ Default: 'staging' }) };
const TYPE = { EnvironmentType: text({ Default: 'staging', AllowedValues: ['development', 'staging', 'production'] }) };
const PRODUCTION = { IsProduction: equals(ref('EnvironmentType'), 'production') };

const NETWORK: Record<string, ResourceBody> = {
  Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
  SubnetA: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: ref('Vpc'), CidrBlock: '10.0.0.0/24' } },
  SubnetB: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: ref('Vpc'), CidrBlock: '10.0.1.0/24' } },
  Group: { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: 'test', VpcId: ref('Vpc') } },
};

const parameter = (Name: Json, Value: Json = ref('Vpc'), Type = 'String'): ResourceBody => ({
  Type: 'AWS::SSM::Parameter',
  Properties: { Name, Type, Value },
});

/** Writes SSM parameters: by name of the resource, with the network that they are of. */
const writes = (parameters: Record<string, ResourceBody>, more: Part = {}): Part => ({
  ...more,
  Resources: { ...NETWORK, ...parameters, ...more.Resources },
});

/** Reads SSM parameters by parameters of an SSM type. */
const reads = (parameters: Record<string, ParameterBody>, more: Part = {}): Part => ({
  ...more,
  Parameters: { ...parameters, ...more.Parameters },
  Resources: { Topic: { Type: 'AWS::SNS::Topic' }, ...more.Resources },
});

const ofType = (type: string, name?: string): ParameterBody => ({
  Type: `AWS::SSM::Parameter::Value<${type}>`,
  ...(name !== undefined && { Default: name }),
});

const VPC_ID = 'AWS::EC2::VPC::Id';
const SUBNETS = 'List<AWS::EC2::Subnet::Id>';

const exported = (name: Json, value: Json = ref('Vpc'), condition?: string): OutputBody => ({
  Value: value,
  Export: { Name: name },
  ...(condition !== undefined && { Condition: condition }),
});

const exports = (outputs: Record<string, OutputBody>, more: Part = {}): Part => ({
  ...more,
  Resources: { ...NETWORK, ...more.Resources },
  Outputs: { ...outputs, ...more.Outputs },
});

/** A resource that imports, in the name that it shows. */
const shows = (value: Json, condition?: string): ResourceBody => ({
  Type: 'AWS::SNS::Topic',
  Properties: { DisplayName: value },
  ...(condition !== undefined && { Condition: condition }),
});

const imports = (name: Json, more: Part = {}): Part => ({
  ...more,
  Resources: { Topic: shows(imported(name)), ...more.Resources },
});

const withSuffix: Part = { Parameters: SUFFIX };
const typed: Part = { Parameters: { ...SUFFIX, ...TYPE }, Conditions: PRODUCTION };
const flag = (name: string): Part => ({
  Parameters: { [name]: text({ Default: 'no', AllowedValues: ['yes', 'no'] }) },
  Conditions: { Is: equals(ref(name), 'yes') },
});

// Where things are read and written, by the paths that findings name.
const atParameter = (name: string): Path => ['Parameters', name, 'Default'];
const atName = (id: string): Path => ['Resources', id, 'Properties', 'Name'];
const atExport = (id: string): Path => ['Outputs', id, 'Export', 'Name'];
const atImport: Path = ['Resources', 'Topic', 'Properties', 'DisplayName', 'Fn::ImportValue'];

interface Case {
  readonly code: string;
  /** Files by name, in the order of deployment. */
  readonly broken: Readonly<Record<string, Part>>;
  readonly mended: Readonly<Record<string, Part>>;
  /** The first is that of the finding, all others are named in its message. */
  readonly places: readonly (readonly [file: string, path: Path])[];
  readonly when?: Readonly<Record<string, string>>;
}

const VPC = '/shared/network/vpc-id';
const reading = (type = VPC_ID, name = VPC, more: Part = {}) => reads({ VpcId: ofType(type, name) }, more);
const PLACES: Case['places'] = [
  ['app', atParameter('VpcId')],
  ['net', atName('Id')],
];
const IMPORT: Case['places'] = [
  ['app', atImport],
  ['net', atExport('Id')],
];
const NAME = sub('${EnvironmentSuffix}-VpcId');

const ssm = (code: string, broken: [Part, Part], mended: [Part, Part], rest: Partial<Case> = {}): Case => ({
  code,
  broken: { net: broken[0], app: broken[1] },
  mended: { net: mended[0], app: mended[1] },
  places: PLACES,
  ...rest,
});
const imp: typeof ssm = (code, broken, mended, rest = {}) => ssm(code, broken, mended, { places: IMPORT, ...rest });

const GOOD_SSM: [Part, Part] = [writes({ Id: parameter(VPC) }), reading()];
const GOOD_IMPORT: [Part, Part] = [exports({ Id: exported(NAME) }, withSuffix), imports(NAME, withSuffix)];
const subnetReader = (type = SUBNETS) => reading(type, '/shared/network/subnet-ids');
const subnetWriter = (value: Json, type = 'StringList') =>
  writes({ Id: parameter('/shared/network/subnet-ids', value, type) });
const GOOD_LIST: [Part, Part] = [subnetWriter(join(ref('SubnetA'), ref('SubnetB'))), subnetReader()];

const UNORDERED = { position: undefined } as never;
const inRegion = (part: Part, region: string): Part => ({ ...part, given: { region } });
const withValues = (part: Part, parameters: Record<string, string>): Part => ({ ...part, given: { parameters } });

const dynamic = (value: Json, more: Part = {}, condition?: string): Part => ({
  ...more,
  Resources: { Topic: shows(value, condition) },
});
const DYNAMIC: Case['places'] = [
  ['app', ['Resources', 'Topic', 'Properties', 'DisplayName']],
  ['net', atName('Id')],
];

const CASES: Readonly<Record<string, Case>> = {
  // ---- names
  'a letter of the name is another': ssm(
    'CFN561',
    [writes({ Id: parameter('/shared/network/vpc-if') }), reading()],
    GOOD_SSM,
  ),
  'the name is in other case': ssm(
    'CFN561',
    [writes({ Id: parameter('/shared/network/VPC-ID') }), reading()],
    GOOD_SSM,
  ),
  'the name has another separator': ssm(
    'CFN561',
    [writes({ Id: parameter('/shared/network/vpc_id') }), reading()],
    GOOD_SSM,
  ),
  'the name is under another prefix': ssm(
    'CFN561',
    [writes({ Id: parameter('/other/network/vpc-id') }), reading()],
    GOOD_SSM,
  ),
  'the name is one level further down': ssm(
    'CFN561',
    [writes({ Id: parameter('/live/shared/network/vpc-id') }), reading()],
    GOOD_SSM,
  ),
  'one of two parameters is renamed to something else altogether': ssm(
    'CFN561',
    [
      writes({
        Id: parameter('/shared/network/group', getAtt('Group', 'GroupId')),
        Main: parameter('/shared/network/main'),
      }),
      reads({ Group: ofType('AWS::EC2::SecurityGroup::Id', '/shared/network/group'), VpcId: ofType(VPC_ID, VPC) }),
    ],
    [
      writes({ Id: parameter('/shared/network/group', getAtt('Group', 'GroupId')), Main: parameter(VPC) }),
      reads({ Group: ofType('AWS::EC2::SecurityGroup::Id', '/shared/network/group'), VpcId: ofType(VPC_ID, VPC) }),
    ],
  ),
  'an export is renamed by a letter': imp(
    'CFN561',
    [exports({ Id: exported(sub('${EnvironmentSuffix}-VpcIds')) }, withSuffix), imports(NAME, withSuffix)],
    GOOD_IMPORT,
  ),
  'an export is in other case': imp(
    'CFN561',
    [exports({ Id: exported(sub('${EnvironmentSuffix}-VPCID')) }, withSuffix), imports(NAME, withSuffix)],
    GOOD_IMPORT,
  ),
  'an export has a prefix more': imp(
    'CFN561',
    [exports({ Id: exported(sub('main-${EnvironmentSuffix}-VpcId')) }, withSuffix), imports(NAME, withSuffix)],
    GOOD_IMPORT,
  ),
  'an export has a prefix of its own instead of the suffix of the environment': imp(
    'CFN561',
    [exports({ Id: exported('main-VpcId') }), imports('other-VpcId')],
    [exports({ Id: exported('main-VpcId') }), imports('main-VpcId')],
  ),
  'of a stack that is named by a parameter an export is renamed': imp(
    'CFN561',
    [
      exports({
        Id: exported(sub('${AWS::StackName}-Main')),
        Sub: exported(sub('${AWS::StackName}-SubnetId'), ref('SubnetA')),
      }),
      imports(sub('${NetworkStack}-Net'), {
        Parameters: { NetworkStack: text() },
        Resources: { Other: shows(imported(sub('${NetworkStack}-SubnetId'))) },
      }),
    ],
    [
      exports({
        Id: exported(sub('${AWS::StackName}-Net')),
        Sub: exported(sub('${AWS::StackName}-SubnetId'), ref('SubnetA')),
      }),
      imports(sub('${NetworkStack}-Net'), {
        Parameters: { NetworkStack: text() },
        Resources: { Other: shows(imported(sub('${NetworkStack}-SubnetId'))) },
      }),
    ],
    {
      places: [
        ['app', atImport],
        ['net', atExport('Sub')],
      ],
    },
  ),
  'both sides name it by their own stack': imp(
    'CFN561',
    [exports({ Id: exported(sub('${AWS::StackName}-VpcId')) }), imports(sub('${AWS::StackName}-VpcId'))],
    [
      exports({ Id: exported(sub('${AWS::StackName}-VpcId')) }),
      imports(sub('${Stack}-VpcId'), { Parameters: { Stack: text() } }),
    ],
  ),
  'the prefix of the writer cannot be that of the reader': ssm(
    'CFN561',
    [
      writes(
        { Id: parameter(sub('${Prefix}/network/vpc-id')) },
        { Parameters: { Prefix: text({ AllowedPattern: '/live/[a-z]+' }) } },
      ),
      reading(),
    ],
    [
      writes(
        { Id: parameter(sub('${Prefix}/network/vpc-id')) },
        { Parameters: { Prefix: text({ AllowedPattern: '/[a-z]+' }) } },
      ),
      reading(),
    ],
  ),
  'the reader admits a value in its name that the writer does not': imp(
    'CFN561',
    [
      exports({ Id: exported(sub('${Stage}-VpcId')) }, { Parameters: { Stage: text({ AllowedValues: ['live'] }) } }),
      imports(sub('${Stage}-VpcId'), { Parameters: { Stage: text({ AllowedValues: ['live', 'test'] }) } }),
    ],
    [
      exports(
        { Id: exported(sub('${Stage}-VpcId')) },
        { Parameters: { Stage: text({ AllowedValues: ['live', 'test'] }) } },
      ),
      imports(sub('${Stage}-VpcId'), { Parameters: { Stage: text({ AllowedValues: ['live', 'test'] }) } }),
    ],
    { when: { 'app.json:Stage': 'test' } },
  ),
  'a rule of the writer forbids a value in the name': imp(
    'CFN561',
    [
      exports(
        { Id: exported(sub('${EnvironmentType}-VpcId')) },
        {
          Parameters: TYPE,
          Rules: { Live: { Assertions: [{ Assert: not(equals(ref('EnvironmentType'), 'development')) }] } },
        },
      ),
      imports(sub('${EnvironmentType}-VpcId'), { Parameters: TYPE }),
    ],
    [
      exports({ Id: exported(sub('${EnvironmentType}-VpcId')) }, { Parameters: TYPE }),
      imports(sub('${EnvironmentType}-VpcId'), { Parameters: TYPE }),
    ],
    { when: { 'app.json:EnvironmentType': 'development' } },
  ),
  'a row of a mapping names it otherwise': imp(
    'CFN560',
    [
      exports(
        { Id: exported({ 'Fn::FindInMap': ['Names', ref('EnvironmentType'), 'Vpc'] }) },
        {
          ...typed,
          Mappings: {
            Names: { development: { Vpc: 'main' }, staging: { Vpc: 'net-VpcId' }, production: { Vpc: 'net-VpcId' } },
          },
        },
      ),
      imports('net-VpcId', { ...typed }),
    ],
    [
      exports(
        { Id: exported({ 'Fn::FindInMap': ['Names', ref('EnvironmentType'), 'Vpc'] }) },
        {
          ...typed,
          Mappings: {
            Names: {
              development: { Vpc: 'net-VpcId' },
              staging: { Vpc: 'net-VpcId' },
              production: { Vpc: 'net-VpcId' },
            },
          },
        },
      ),
      imports('net-VpcId', { ...typed }),
    ],
    { when: { 'net.json:EnvironmentType': 'development' } },
  ),
  'parameter files give two prefixes': ssm(
    'CFN561',
    [
      withValues(writes({ Id: parameter(sub('${Prefix}/network/vpc-id')) }, { Parameters: { Prefix: text() } }), {
        Prefix: '/shared/live',
      }),
      withValues(reads({ VpcId: ofType(VPC_ID) }), { VpcId: '/shared/test/network/vpc-id' }),
    ],
    [
      withValues(writes({ Id: parameter(sub('${Prefix}/network/vpc-id')) }, { Parameters: { Prefix: text() } }), {
        Prefix: '/shared/test',
      }),
      withValues(reads({ VpcId: ofType(VPC_ID) }), { VpcId: '/shared/test/network/vpc-id' }),
    ],
    {
      places: [
        ['app', ['Parameters', 'VpcId']],
        ['net', atName('Id')],
      ],
    },
  ),
  'parameter files give two suffixes': imp(
    'CFN561',
    [
      withValues(GOOD_IMPORT[0], { EnvironmentSuffix: 'staging' }),
      withValues(GOOD_IMPORT[1], { EnvironmentSuffix: 'testing' }),
    ],
    [
      withValues(GOOD_IMPORT[0], { EnvironmentSuffix: 'testing' }),
      withValues(GOOD_IMPORT[1], { EnvironmentSuffix: 'testing' }),
    ],
  ),

  // ---- not written in every deployment
  'the parameter is made conditional': ssm(
    'CFN560',
    [writes({ Id: { ...parameter(VPC), Condition: 'Is' } }, flag('Share')), reading()],
    GOOD_SSM,
    { when: {} },
  ),
  'the export is made conditional on a parameter that is right by default': imp(
    'CFN560',
    [
      exports(
        { Id: exported(NAME, ref('Vpc'), 'Is') },
        {
          Parameters: { ...SUFFIX, Share: text({ Default: 'yes', AllowedValues: ['yes', 'no'] }) },
          Conditions: { Is: equals(ref('Share'), 'yes') },
        },
      ),
      GOOD_IMPORT[1],
    ],
    GOOD_IMPORT,
    { when: { 'net.json:Share': 'no' } },
  ),
  'the export is there in production only': imp(
    'CFN560',
    [exports({ Id: exported(NAME, ref('Vpc'), 'IsProduction') }, typed), imports(NAME, typed)],
    [
      exports({ Id: exported(NAME, ref('Vpc'), 'IsProduction') }, typed),
      { ...typed, Resources: { Topic: shows(imported(NAME), 'IsProduction') } },
    ],
    { when: {} },
  ),
  'the reader reads in the other branch': imp(
    'CFN560',
    [
      exports({ Id: exported(NAME, ref('Vpc'), 'IsProduction') }, typed),
      { ...typed, Resources: { Topic: shows(when('IsProduction', 'none', imported(NAME))) } },
    ],
    [
      exports({ Id: exported(NAME, ref('Vpc'), 'IsProduction') }, typed),
      { ...typed, Resources: { Topic: shows(when('IsProduction', imported(NAME), 'none')) } },
    ],
    {
      places: [
        ['app', ['Resources', 'Topic', 'Properties', 'DisplayName', 'Fn::If', 2, 'Fn::ImportValue']],
        ['net', atExport('Id')],
      ],
    },
  ),
  'the writer asks for more than the reader': imp(
    'CFN560',
    [
      exports(
        { Id: exported(NAME, ref('Vpc'), 'Both') },
        {
          Parameters: { ...SUFFIX, ...TYPE, Share: text({ Default: 'yes', AllowedValues: ['yes', 'no'] }) },
          Conditions: { ...PRODUCTION, Both: and(named('IsProduction'), equals(ref('Share'), 'yes')) },
        },
      ),
      { ...typed, Resources: { Topic: shows(imported(NAME), 'IsProduction') } },
    ],
    [
      exports(
        { Id: exported(NAME, ref('Vpc'), 'Both') },
        {
          Parameters: { ...SUFFIX, ...TYPE, Share: text({ Default: 'yes', AllowedValues: ['yes'] }) },
          Conditions: { ...PRODUCTION, Both: and(named('IsProduction'), equals(ref('Share'), 'yes')) },
        },
      ),
      { ...typed, Resources: { Topic: shows(imported(NAME), 'IsProduction') } },
    ],
    {
      when: {
        'net.json:EnvironmentType': 'production',
        'net.json:Share': 'no',
        'app.json:EnvironmentType': 'production',
      },
    },
  ),
  'conditions of one name mean different things': imp(
    'CFN560',
    [
      exports(
        { Id: exported(NAME, ref('Vpc'), 'IsProduction') },
        {
          ...typed,
          Conditions: { IsProduction: not(equals(ref('EnvironmentType'), 'production')) },
        },
      ),
      { ...typed, Resources: { Topic: shows(imported(NAME), 'IsProduction') } },
    ],
    [
      exports({ Id: exported(NAME, ref('Vpc'), 'IsProduction') }, typed),
      { ...typed, Resources: { Topic: shows(imported(NAME), 'IsProduction') } },
    ],
  ),
  'the name is another one in a branch': imp(
    'CFN560',
    [
      exports({ Id: exported(when('IsProduction', NAME, sub('${EnvironmentSuffix}-Main'))) }, typed),
      imports(NAME, typed),
    ],
    [exports({ Id: exported(when('IsProduction', NAME, NAME)) }, typed), imports(NAME, typed)],
  ),
  'a parameter file switches the writer off': ssm(
    'CFN560',
    [withValues(writes({ Id: { ...parameter(VPC), Condition: 'Is' } }, flag('Share')), { Share: 'no' }), reading()],
    [withValues(writes({ Id: { ...parameter(VPC), Condition: 'Is' } }, flag('Share')), { Share: 'yes' }), reading()],
  ),
  'without a certificate nothing is exported': ssm(
    'CFN560',
    [
      writes(
        { Id: { ...parameter(sub('${ExportPrefix}/network/vpc-id')), Condition: 'Exports' } },
        {
          Parameters: { ExportPrefix: text({ Default: '' }), CertificateArn: text({ Default: '' }) },
          Conditions: { Exports: and(not(equals(ref('ExportPrefix'), '')), not(equals(ref('CertificateArn'), ''))) },
        },
      ),
      reading(),
    ],
    [
      writes(
        { Id: { ...parameter(sub('${ExportPrefix}/network/vpc-id')), Condition: 'Exports' } },
        {
          Parameters: { ExportPrefix: text({ Default: '' }), CertificateArn: text({ Default: '' }) },
          Conditions: { Exports: not(equals(ref('ExportPrefix'), '')) },
          Rules: {
            Secure: {
              RuleCondition: not(equals(ref('ExportPrefix'), '')),
              Assertions: [{ Assert: not(equals(ref('CertificateArn'), '')) }],
            },
          },
        },
      ),
      reading(),
    ],
    { when: { 'net.json:ExportPrefix': '/shared' } },
  ),
  'two writers together leave a deployment out': imp(
    'CFN560',
    [
      exports(
        { Id: exported(NAME, ref('Vpc'), 'IsProduction'), Other: exported(NAME, ref('Vpc'), 'IsDevelopment') },
        { ...typed, Conditions: { ...PRODUCTION, IsDevelopment: equals(ref('EnvironmentType'), 'development') } },
      ),
      imports(NAME, typed),
    ],
    [
      exports(
        { Id: exported(NAME, ref('Vpc'), 'IsProduction'), Other: exported(NAME, ref('Vpc'), 'IsDevelopment') },
        { ...typed, Conditions: { ...PRODUCTION, IsDevelopment: not(equals(ref('EnvironmentType'), 'production')) } },
      ),
      imports(NAME, typed),
    ],
    {
      places: [
        ['app', atImport],
        ['net', atExport('Id')],
        ['net', atExport('Other')],
      ],
    },
  ),
  'rules keep the two apart: one region each': imp(
    'CFN561',
    [
      { ...GOOD_IMPORT[0], Rules: { Here: { Assertions: [{ Assert: equals(ref('AWS::Region'), 'us-east-1') }] } } },
      { ...GOOD_IMPORT[1], Rules: { There: { Assertions: [{ Assert: equals(ref('AWS::Region'), 'eu-west-1') }] } } },
    ],
    [
      { ...GOOD_IMPORT[0], Rules: { Here: { Assertions: [{ Assert: equals(ref('AWS::Region'), 'eu-west-1') }] } } },
      { ...GOOD_IMPORT[1], Rules: { There: { Assertions: [{ Assert: equals(ref('AWS::Region'), 'eu-west-1') }] } } },
    ],
  ),
  'all that is deployed is given, and nobody writes it': {
    code: 'CFN560',
    broken: {
      net: { ...exports({}), given: { closed: true } },
      app: { ...imports('anything'), given: { closed: true } },
    },
    mended: {
      net: { ...exports({ Id: exported('anything') }), given: { closed: true } },
      app: { ...imports('anything'), given: { closed: true } },
    },
    places: [['app', atImport]],
  },

  // ---- dynamic references
  'a dynamic reference has another letter': ssm(
    'CFN561',
    [GOOD_SSM[0], dynamic('{{resolve:ssm:/shared/network/vpc-ie}}')],
    [GOOD_SSM[0], dynamic('{{resolve:ssm:/shared/network/vpc-id}}')],
    { places: DYNAMIC },
  ),
  'a dynamic reference is put together of parameters': ssm(
    'CFN561',
    [
      writes({ Id: parameter(sub('/${EnvironmentSuffix}/vpc-id')) }, withSuffix),
      dynamic(sub('id: {{resolve:ssm:/${EnvironmentSuffix}/vpcid:1}}!'), withSuffix),
    ],
    [
      writes({ Id: parameter(sub('/${EnvironmentSuffix}/vpc-id')) }, withSuffix),
      dynamic(sub('id: {{resolve:ssm:/${EnvironmentSuffix}/vpc-id:1}}!'), withSuffix),
    ],
    { places: DYNAMIC },
  ),
  'a dynamic reference is joined': ssm(
    'CFN561',
    [GOOD_SSM[0], dynamic({ 'Fn::Join': ['', ['{{resolve:ssm:', '/shared/network/vpc-di', '}}']] })],
    [GOOD_SSM[0], dynamic({ 'Fn::Join': ['', ['{{resolve:ssm:', VPC, '}}']] })],
    { places: DYNAMIC },
  ),
  'a dynamic reference is read where nothing is written': ssm(
    'CFN560',
    [writes({ Id: { ...parameter(VPC), Condition: 'IsProduction' } }, typed), dynamic(`{{resolve:ssm:${VPC}}}`, typed)],
    [
      writes({ Id: { ...parameter(VPC), Condition: 'IsProduction' } }, typed),
      dynamic(`{{resolve:ssm:${VPC}}}`, typed, 'IsProduction'),
    ],
    { places: DYNAMIC },
  ),
  'a plain parameter is read as a secure one': ssm(
    'CFN562',
    [GOOD_SSM[0], dynamic(`{{resolve:ssm-secure:${VPC}:1}}`)],
    [GOOD_SSM[0], dynamic(`{{resolve:ssm:${VPC}:1}}`)],
    { places: DYNAMIC },
  ),

  // ---- types
  'a subnet for a VPC': ssm('CFN562', [writes({ Id: parameter(VPC, ref('SubnetA')) }), reading()], GOOD_SSM),
  'the ARN of a topic for a VPC': ssm(
    'CFN562',
    [writes({ Id: parameter(VPC, ref('Topic')) }, { Resources: { Topic: { Type: 'AWS::SNS::Topic' } } }), reading()],
    GOOD_SSM,
  ),
  'an attribute that is a security group for a VPC': ssm(
    'CFN562',
    [writes({ Id: parameter(VPC, getAtt('Vpc', 'DefaultSecurityGroup')) }), reading()],
    [writes({ Id: parameter(VPC, getAtt('SubnetA', 'VpcId')) }), reading()],
  ),
  'a text that is no ID of a VPC': ssm(
    'CFN562',
    [writes({ Id: parameter(VPC, 'main') }), reading()],
    [writes({ Id: parameter(VPC, 'vpc-0123456789abcdef0') }), reading()],
  ),
  'a parameter of another kind for a VPC': ssm(
    'CFN562',
    [
      writes({ Id: parameter(VPC, ref('Given')) }, { Parameters: { Given: { Type: 'AWS::EC2::Subnet::Id' } } }),
      reading(),
    ],
    [writes({ Id: parameter(VPC, ref('Given')) }, { Parameters: { Given: { Type: 'AWS::EC2::VPC::Id' } } }), reading()],
  ),
  'a subnet for a VPC in one branch': ssm(
    'CFN562',
    [writes({ Id: parameter(VPC, when('IsProduction', ref('SubnetA'), ref('Vpc'))) }, typed), reading()],
    [writes({ Id: parameter(VPC, when('IsProduction', ref('Vpc'), ref('Vpc'))) }, typed), reading()],
    { when: { 'net.json:EnvironmentType': 'production' } },
  ),
  'a VPC for a list of subnets': ssm('CFN562', [subnetWriter(ref('Vpc')), subnetReader()], GOOD_LIST),
  'a list with one that is no subnet': ssm(
    'CFN562',
    [subnetWriter({ 'Fn::Join': [',', ['subnet-12345678', 'sg-12345678']] }), subnetReader()],
    [subnetWriter({ 'Fn::Join': [',', ['subnet-12345678', 'subnet-12345679']] }), subnetReader()],
  ),
  'a single text for a list': ssm('CFN562', [subnetWriter(ref('SubnetA'), 'String'), subnetReader()], GOOD_LIST),
  'a list for a single one': ssm(
    'CFN562',
    [GOOD_LIST[0], subnetReader('AWS::EC2::Subnet::Id')],
    [subnetWriter(ref('SubnetA'), 'String'), subnetReader('AWS::EC2::Subnet::Id')],
  ),
  'a list joined by commas for a single one': ssm(
    'CFN562',
    [subnetWriter(sub('${SubnetA},${SubnetB}'), 'String'), subnetReader('AWS::EC2::Subnet::Id')],
    [subnetWriter(sub('${SubnetA},${SubnetB}'), 'String'), subnetReader()],
  ),
  'a StringList for a text': ssm(
    'CFN562',
    [GOOD_LIST[0], subnetReader('String')],
    [GOOD_LIST[0], subnetReader('List<String>')],
  ),
  'a SecureString for a text': ssm(
    'CFN562',
    [writes({ Id: parameter(VPC, 'secret', 'SecureString') }), reading('String')],
    [writes({ Id: parameter(VPC, 'open', 'String') }), reading('String')],
  ),
  'what a third stack exports is another thing': {
    code: 'CFN562',
    broken: {
      base: exports({ Out: exported(NAME, ref('SubnetA')) }, withSuffix),
      net: { ...withSuffix, Resources: { Id: parameter(VPC, imported(NAME)) } },
      app: reading(),
    },
    mended: {
      base: exports({ Out: exported(NAME) }, withSuffix),
      net: { ...withSuffix, Resources: { Id: parameter(VPC, imported(NAME)) } },
      app: reading(),
    },
    places: PLACES,
  },
  'a subnet is imported as a VPC': imp(
    'CFN562',
    [
      exports({ Id: exported(NAME, ref('SubnetA')) }, withSuffix),
      {
        ...withSuffix,
        Resources: {
          Topic: { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: 'g', VpcId: imported(NAME) } },
        },
      },
    ],
    [
      exports({ Id: exported(NAME) }, withSuffix),
      {
        ...withSuffix,
        Resources: {
          Topic: { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: 'g', VpcId: imported(NAME) } },
        },
      },
    ],
    {
      places: [
        ['app', ['Resources', 'Topic', 'Properties', 'VpcId', 'Fn::ImportValue']],
        ['net', atExport('Id')],
      ],
    },
  ),
  'a list of subnets is imported as one': imp(
    'CFN562',
    [
      exports({ Id: exported(NAME, join(ref('SubnetA'), ref('SubnetB'))) }, withSuffix),
      { ...withSuffix, Resources: { Topic: { Type: 'AWS::EC2::Instance', Properties: { SubnetId: imported(NAME) } } } },
    ],
    [
      exports({ Id: exported(NAME, ref('SubnetA')) }, withSuffix),
      { ...withSuffix, Resources: { Topic: { Type: 'AWS::EC2::Instance', Properties: { SubnetId: imported(NAME) } } } },
    ],
    {
      places: [
        ['app', ['Resources', 'Topic', 'Properties', 'SubnetId', 'Fn::ImportValue']],
        ['net', atExport('Id')],
      ],
    },
  ),

  // ---- regions
  'the export is in another region': imp(
    'CFN563',
    [inRegion(GOOD_IMPORT[0], 'us-east-1'), inRegion(GOOD_IMPORT[1], 'us-west-2')],
    [inRegion(GOOD_IMPORT[0], 'us-west-2'), inRegion(GOOD_IMPORT[1], 'us-west-2')],
  ),
  'the SSM parameter is in another region': ssm(
    'CFN563',
    [inRegion(GOOD_SSM[0], 'us-east-1'), inRegion(GOOD_SSM[1], 'us-west-2')],
    [inRegion(GOOD_SSM[0], 'us-east-1'), inRegion(GOOD_SSM[1], 'us-east-1')],
  ),

  // ---- written twice
  'two stacks write one SSM parameter': ssm(
    'CFN564',
    [GOOD_SSM[0], { ...reading(), Resources: { Again: parameter(VPC, 'x') } }],
    GOOD_SSM,
    {
      places: [
        ['app', atName('Again')],
        ['net', atName('Id')],
      ],
    },
  ),
  'one stack writes an SSM parameter twice': ssm(
    'CFN564',
    [writes({ Id: parameter(VPC), Again: parameter(VPC) }), reading()],
    GOOD_SSM,
    {
      places: [
        ['net', atName('Again')],
        ['net', atName('Id')],
      ],
    },
  ),
  'two stacks export one name': imp(
    'CFN564',
    [GOOD_IMPORT[0], exports({ Again: exported(NAME) }, withSuffix)],
    [GOOD_IMPORT[0], exports({ Again: exported(sub('${EnvironmentSuffix}-OtherVpcId')) }, withSuffix)],
    {
      places: [
        ['app', atExport('Again')],
        ['net', atExport('Id')],
      ],
    },
  ),
  'two stacks export one name in one region': imp(
    'CFN564',
    [inRegion(GOOD_IMPORT[0], 'us-east-1'), inRegion(exports({ Again: exported(NAME) }, withSuffix), 'us-east-1')],
    [inRegion(GOOD_IMPORT[0], 'us-east-1'), inRegion(exports({ Again: exported(NAME) }, withSuffix), 'us-west-2')],
    {
      places: [
        ['app', atExport('Again')],
        ['net', atExport('Id')],
      ],
    },
  ),
  'two writers whose conditions can hold together': imp(
    'CFN564',
    [
      exports({ Id: exported(NAME, ref('Vpc'), 'IsProduction') }, typed),
      exports(
        { Again: exported(NAME, ref('Vpc'), 'IsLive') },
        {
          ...typed,
          Conditions: { IsLive: not(equals(ref('EnvironmentType'), 'development')) },
        },
      ),
    ],
    [
      exports({ Id: exported(NAME, ref('Vpc'), 'IsProduction') }, typed),
      exports(
        { Again: exported(NAME, ref('Vpc'), 'IsLive') },
        {
          ...typed,
          Conditions: { IsLive: not(equals(ref('EnvironmentType'), 'production')) },
        },
      ),
    ],
    {
      places: [
        ['app', atExport('Again')],
        ['net', atExport('Id')],
      ],
      when: { 'net.json:EnvironmentType': 'production', 'app.json:EnvironmentType': 'production' },
    },
  ),
  'two prefixes that are one by default': ssm(
    'CFN564',
    [
      writes({ Id: parameter(sub('${A}/vpc-id')) }, { Parameters: { A: text({ Default: '/shared' }) } }),
      writes({ Again: parameter(sub('${B}/vpc-id')) }, { Parameters: { B: text({ Default: '/shared' }) } }),
    ],
    [
      writes({ Id: parameter(sub('${A}/vpc-id')) }, { Parameters: { A: text({ Default: '/shared' }) } }),
      writes({ Again: parameter(sub('${B}/vpc-id')) }, { Parameters: { B: text({ Default: '/own' }) } }),
    ],
    {
      places: [
        ['app', atName('Again')],
        ['net', atName('Id')],
      ],
    },
  ),

  // ---- order
  'the reader is deployed first': {
    code: 'CFN566',
    broken: { app: GOOD_IMPORT[1], net: GOOD_IMPORT[0] },
    mended: { net: GOOD_IMPORT[0], app: GOOD_IMPORT[1] },
    places: IMPORT,
  },
  'the reader of an SSM parameter is deployed first': {
    code: 'CFN566',
    broken: { app: GOOD_SSM[1], net: GOOD_SSM[0] },
    mended: { net: GOOD_SSM[0], app: GOOD_SSM[1] },
    places: PLACES,
  },
  'two stacks wait for each other': imp(
    'CFN565',
    [
      exports(
        { Id: exported(NAME) },
        { ...withSuffix, Resources: { Back: shows(imported(sub('${EnvironmentSuffix}-Group'))) } },
      ),
      imports(NAME, { ...withSuffix, Outputs: { Group: exported(sub('${EnvironmentSuffix}-Group'), 'g') } }),
    ],
    GOOD_IMPORT,
    {
      places: [
        ['net', ['Resources', 'Back', 'Properties', 'DisplayName', 'Fn::ImportValue']],
        ['app', atExport('Group')],
        ['app', atImport],
        ['net', atExport('Id')],
      ],
    },
  ),
  'three stacks wait for each other, by exports and SSM parameters': {
    code: 'CFN565',
    broken: {
      a: { Resources: { Id: parameter('/a', 'x'), Topic: shows(imported('c')) } },
      b: reads({ A: ofType('String', '/a') }, { Outputs: { Id: exported('b', 'x') } }),
      c: imports('b', { Outputs: { Id: exported('c', 'x') } }),
    },
    mended: {
      a: { Resources: { Id: parameter('/a', 'x') } },
      b: reads({ A: ofType('String', '/a') }, { Outputs: { Id: exported('b', 'x') } }),
      c: imports('b', { Outputs: { Id: exported('c', 'x') } }),
    },
    places: [
      ['a', atImport],
      ['c', atExport('Id')],
      ['c', atImport],
      ['b', atExport('Id')],
      ['b', atParameter('A')],
      ['a', atName('Id')],
    ],
  },
  'two stacks wait for each other in production': imp(
    'CFN565',
    [
      exports(
        { Id: exported(NAME) },
        { ...typed, Resources: { Back: shows(imported(sub('${EnvironmentSuffix}-Group')), 'IsProduction') } },
      ),
      imports(NAME, { ...typed, Outputs: { Group: exported(sub('${EnvironmentSuffix}-Group'), 'g') } }),
    ],
    [
      exports(
        { Id: exported(NAME) },
        {
          ...typed,
          given: UNORDERED,
          Resources: { Back: shows(imported(sub('${EnvironmentSuffix}-Group')), 'IsProduction') },
        },
      ),
      {
        ...typed,
        given: UNORDERED,
        Conditions: { NotProduction: not(equals(ref('EnvironmentType'), 'production')) },
        Resources: { Topic: shows(imported(NAME), 'NotProduction') },
        Outputs: { Group: exported(sub('${EnvironmentSuffix}-Group'), 'g') },
      },
    ],
    {
      places: [
        ['net', ['Resources', 'Back', 'Properties', 'DisplayName', 'Fn::ImportValue']],
        ['app', atExport('Group')],
      ],
      when: { 'net.json:EnvironmentType': 'production' },
    },
  ),
  'a stack imports what it exports itself': {
    code: 'CFN565',
    broken: {
      net: exports({ Id: exported(NAME) }, { ...withSuffix, Resources: { Topic: shows(imported(NAME)) } }),
      app: imports('x'),
    },
    mended: {
      net: exports({ Id: exported(NAME) }, { ...withSuffix, Resources: { Topic: shows(ref('Vpc')) } }),
      app: imports(NAME, withSuffix),
    },
    places: [
      ['net', atImport],
      ['net', atExport('Id')],
    ],
  },
  'a stack reads the SSM parameter that it writes': {
    code: 'CFN565',
    broken: {
      net: { ...writes({ Id: parameter(VPC) }), Parameters: { VpcId: ofType(VPC_ID, VPC) } },
      app: imports('x'),
    },
    mended: { net: writes({ Id: parameter(VPC) }), app: reading() },
    places: [
      ['net', atParameter('VpcId')],
      ['net', atName('Id')],
    ],
  },

  // ---- where it stands
  'an import in a SAM function': imp(
    'CFN561',
    [
      GOOD_IMPORT[0],
      {
        ...withSuffix,
        Transform: 'AWS::Serverless-2016-10-31',
        Resources: {
          Topic: {
            Type: 'AWS::Serverless::Function',
            Properties: { Environment: { Variables: { VPC: imported(sub('${EnvironmentSuffix}-Vpcld')) } } },
          },
        },
      },
    ],
    [
      GOOD_IMPORT[0],
      {
        ...withSuffix,
        Transform: 'AWS::Serverless-2016-10-31',
        Resources: {
          Topic: {
            Type: 'AWS::Serverless::Function',
            Properties: { Environment: { Variables: { VPC: imported(NAME) } } },
          },
        },
      },
    ],
    {
      places: [
        ['app', ['Resources', 'Topic', 'Properties', 'Environment']],
        ['net', atExport('Id')],
      ],
    },
  ),
  'an import in a loop': imp(
    'CFN561',
    [
      exports({ Id: exported('net-SubnetA', ref('SubnetA')), Two: exported('net-SubnetB', ref('SubnetB')) }),
      {
        Transform: 'AWS::LanguageExtensions',
        Resources: {
          'Fn::ForEach::Each': ['Zone', ['A', 'B', 'C'], { 'Topic${Zone}': shows(imported(sub('net-Subnet${Zone}'))) }],
        } as never,
      },
    ],
    [
      exports({ Id: exported('net-SubnetA', ref('SubnetA')), Two: exported('net-SubnetB', ref('SubnetB')) }),
      {
        Transform: 'AWS::LanguageExtensions',
        Resources: {
          'Fn::ForEach::Each': ['Zone', ['A', 'B'], { 'Topic${Zone}': shows(imported(sub('net-Subnet${Zone}'))) }],
        } as never,
      },
    ],
    {
      places: [
        ['app', ['Resources', 'Fn::ForEach::Each', 2, 'Topic${Zone}', 'Properties', 'DisplayName', 'Fn::ImportValue']],
        ['net', atExport('Id')],
      ],
    },
  ),
  'an import in an output': imp(
    'CFN561',
    [
      GOOD_IMPORT[0],
      {
        ...withSuffix,
        Resources: { Topic: { Type: 'AWS::SNS::Topic' } },
        Outputs: { Out: { Value: imported(sub('${EnvironmentSuffix}-VpcI')) } },
      },
    ],
    [
      GOOD_IMPORT[0],
      { ...withSuffix, Resources: { Topic: { Type: 'AWS::SNS::Topic' } }, Outputs: { Out: { Value: imported(NAME) } } },
    ],
    {
      places: [
        ['app', ['Outputs', 'Out', 'Value', 'Fn::ImportValue']],
        ['net', atExport('Id')],
      ],
    },
  ),
};

function given(parts: Readonly<Record<string, Part>>): GivenStack[] {
  return Object.entries(parts).map(([name, { given: known, ...template }], position) => ({
    document: parseTemplate(JSON.stringify({ Resources: {}, ...template }, null, 1), `${name}.json`),
    group: 'named',
    position,
    ...known,
  }));
}

const serious = ({ findings }: Contract) => findings.filter(({ severity }) => severity !== 'info');

describe('each way of breaking the contract is refused with both places named, and its mended twin is proven', () => {
  test.each(Object.entries(CASES))('%s', (_, { code, broken, mended, places, when: expected }) => {
    const stacks = given(broken);
    const findings = serious(proveContract(stacks)).filter((finding) => finding.code === code);
    const [[file, path], ...others] = places.map(([name, at]) => [`${name}.json`, at] as const) as [
      readonly [string, Path],
      ...(readonly [string, Path])[],
    ];
    const locate = (name: string, at: Path) =>
      stacks.find(({ document }) => document.file === name)!.document.locate(at);
    const finding = findings.find((each) => each.file === file && each.line === locate(file, path).line)!;
    expect({ ...finding }).toMatchObject({ code, severity: 'error', file, ...locate(file, path) });
    for (const [name, at] of others) {
      const { line, column } = locate(name, at);
      expect(finding.message).toContain(`${name}:${line}:${column}`);
    }
    expect(finding.fix).toBeTruthy();
    if (expected) expect(finding.when ?? {}).toEqual(expected);

    const whole = proveContract(given(mended));
    expect(serious(whole)).toEqual([]);
    expect(whole.names.filter(({ verdict }) => verdict === 'broken')).toEqual([]);
    if (whole.names.length > 0) expect(whole.names.some(({ verdict }) => verdict === 'proven')).toBe(true);
  });

  test('there are at least fifty', () => expect(Object.keys(CASES).length).toBeGreaterThanOrEqual(50));
});
