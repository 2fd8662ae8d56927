import { createHash } from 'node:crypto';
import type { AuditedFact, AuditedResource, AuditedTemplate, Evidence } from './evidence.ts';

/** The release whose published JSON Schema the tests hold this to. Source: usnistgov/OSCAL 1.2.1, read 2026-11-21. */
const OSCAL = '1.2.1';
const NAMESPACE = 'https://plainform.dev/ns/oscal';

type Prop = { name: string; ns: string; value: string; class?: string };

/**
 * OSCAL assessment results: each verdict is an observation by test. There are no findings among them on purpose: a finding says
 * that an objective is satisfied or not, and a template shows design only, so that is the assessor's to say.
 */
export function assessmentResults(evidence: Evidence): object {
  const { tool, date, frameworks, templates, controls, requirements } = evidence;
  const identity = templates.map(({ name, sha256 }) => `${name} ${sha256}`).join('\n');
  const uuid = (...parts: readonly string[]) => uuidOf([identity, date, tool.version, ...parts].join('\n'));
  const at = `${date}T00:00:00Z`;
  const plan = uuid('plan');
  const item = (template: string, resource: string) => uuid('resource', template, resource);
  const facts = controls.flatMap((control) => control.facts.map((fact) => ({ control, fact })));
  return {
    'assessment-results': {
      uuid: uuid('results'),
      metadata: {
        title: `plainform: controls proven from ${templates.length === 1 ? templates[0]!.name : `${templates.length} templates`}`,
        'last-modified': at,
        version: date,
        'oscal-version': OSCAL,
        remarks:
          'A template supports a requirement: it shows how something is designed, not how it is operated. Observations only; whether a requirement is satisfied is for the assessor to say.',
      },
      'import-ap': { href: `#${plan}` },
      results: [
        {
          uuid: uuid('result'),
          title: `Templates of ${date}`,
          description: `Every control of plainform ${tool.version} that can be judged from a template, for each resource that it is about, over every combination of parameters and conditions that CloudFormation accepts.`,
          start: at,
          'local-definitions': {
            'inventory-items': templates.flatMap((template) =>
              template.resources.map((resource) => inventoryItem(template, resource, item(template.name, resource.id))),
            ),
          },
          'reviewed-controls': {
            'control-selections': frameworks.flatMap(({ id, name, version }) => {
              const own = requirements.filter(({ framework }) => framework === id);
              const tokens = [...new Set(own.map((requirement) => controlToken(id, requirement.id)))];
              return tokens.length === 0
                ? []
                : [
                    {
                      description: `${name}, ${version}: requirements that controls of the catalogue are mapped to`,
                      'include-controls': tokens.map((token) => ({ 'control-id': token })),
                    },
                  ];
            }),
          },
          observations: facts.map(({ control, fact }) => ({
            uuid: uuid('observation', fact.template, fact.resource, fact.type, control.id),
            title: `${control.id} ${fact.resource}`,
            description: `${control.title}: ${fact.verdict} for ${fact.resource} (${fact.type}) of ${fact.template}; ${fact.message}`,
            props: propsOf(fact, control.supports),
            methods: ['TEST'],
            subjects: [{ 'subject-uuid': item(fact.template, fact.resource), type: 'inventory-item' }],
            'relevant-evidence': spotsOf(fact).map(({ path, line }) => ({
              href: `templates/${encodeURI(fact.template)}#L${line}`,
              description: path,
            })),
            collected: at,
          })),
        },
      ],
      'back-matter': {
        resources: [
          {
            uuid: plan,
            title: 'What was assessed, and how',
            description:
              'There is no assessment plan apart from this: the controls of the catalogue are asked of every template named here, in every reachable configuration.',
          },
          ...templates.map(({ name, sha256 }) => ({
            uuid: uuid('template', name),
            title: name,
            rlinks: [
              {
                href: `templates/${encodeURI(name)}`,
                'media-type': 'application/yaml',
                hashes: [{ algorithm: 'SHA-256', value: sha256 }],
              },
            ],
          })),
        ],
      },
    },
  };
}

function inventoryItem(template: AuditedTemplate, { id, type, condition }: AuditedResource, uuid: string): object {
  return {
    uuid,
    description: `${id} (${type}) of ${template.name}`,
    props: [
      prop('logical-id', id),
      prop('resource-type', type),
      prop('template', template.name),
      ...(condition === undefined ? [] : [prop('condition', condition)]),
    ],
  };
}

function propsOf(fact: AuditedFact, supports: Readonly<Record<string, Readonly<Record<string, string>>>>): Prop[] {
  return [
    prop('control', fact.control),
    prop('verdict', fact.verdict),
    prop('configurations-checked', String(fact.checked)),
    prop('configurations-failed', String(fact.failed)),
    ...Object.entries(fact.counterexample ?? {}).map(([name, value]) => prop('counterexample', `${name}=${value}`)),
    ...(fact.waiver
      ? [
          prop('waived-by', fact.waiver.owner),
          prop('waived-until', fact.waiver.expires),
          prop('waiver', fact.waiver.reason),
        ]
      : []),
    ...(fact.live ? [prop('live', `${fact.live.state}: ${fact.live.message}`)] : []),
    ...Object.entries(supports).flatMap(([framework, ids]) =>
      Object.entries(ids).map(([id, source]) => ({ ...prop('supports', `${framework} ${id}`), class: source })),
    ),
  ];
}

/** A value of OSCAL is one line, and neither begins nor ends with a space. */
function prop(name: string, value: string): Prop {
  return { name, ns: NAMESPACE, value: value.replace(/\s+/g, ' ').trim() || '-' };
}

function spotsOf({ evidence, at, verdict }: AuditedFact): AuditedFact['evidence'] {
  return verdict === 'proven' && evidence.length > 0 ? evidence : [at];
}

/**
 * An ID as OSCAL writes it: `ac-3.7` of NIST's AC-3(7), which is the ID in NIST's own catalogue; letters of a statement (`CM-6a`)
 * are left out there. Elsewhere the framework and the requirement: `pci_1.2.8`.
 */
export function controlToken(framework: string, requirement: string): string {
  const nist = /^([A-Z]{2})-(\d+)(?:\((\d+)\))?/.exec(requirement);
  if (framework === 'nist80053' && nist)
    return `${nist[1]!.toLowerCase()}-${nist[2]}${nist[3] === undefined ? '' : `.${nist[3]}`}`;
  return `${framework}_${requirement.replace(/[^\p{L}\p{N}.\-_]+/gu, '_')}`;
}

/** Version 5 of RFC 9562: the same name gives the same UUID. */
function uuidOf(name: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update('\0').update(name).digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
