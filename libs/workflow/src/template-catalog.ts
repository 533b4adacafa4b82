// The templates as clients see them, and as they become content.
import type { EventStore } from '@app/event-store';
import type { FieldFinding, JsonObject, Refusal } from '@app/kernel';
import { refuse } from '@app/kernel';
import { findingsText, providerConfigurationsView, schemaFindings } from '@app/provider';
import type { ViewStore } from '@app/read-model';
import type { WorkflowContent } from './workflow.js';
import type { WorkflowTemplate } from './workflow-template.js';
import { findTemplate, workflowTemplates } from './workflow-template.js';

export interface TemplateItem {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly category: string;
}
export interface TemplateDetail extends TemplateItem {
  /** JSON text. */
  readonly paramSchema: string;
  /** The same, parsed. */
  readonly paramSchemaObject: JsonObject;
}

/** More choices than this nobody picks from a list; any other configuration can still be named by its id. */
const CHOICES_MAX = 100;

export const templateNotFound = (id: string): Refusal =>
  refuse('not_found', 'FLK-0240', `template "${id}" is not in the catalogue`);

export function templateItem({ id, name, description, version, category }: WorkflowTemplate): TemplateItem {
  return { id, name, description, version, category };
}

/** The params against the template's schema: undefined when they fit, else FLK-0242 with every finding. */
export function paramsRefusal(template: WorkflowTemplate, params: unknown): Refusal | undefined {
  const findings: readonly FieldFinding[] = schemaFindings(template.paramSchema, params ?? {}, 'params');
  if (findings.length === 0) return undefined;
  return refuse('invalid', 'FLK-0242', findingsText(findings), findings);
}

export interface TemplateChoice {
  readonly template: { readonly id: string; readonly version: string };
  readonly content: WorkflowContent;
}

export function contentFromTemplate(templateId: string, params: JsonObject): TemplateChoice | Refusal {
  const template = findTemplate(templateId);
  if (!template) return templateNotFound(templateId);
  const refused = paramsRefusal(template, params);
  if (refused) return refused;
  return { template: { id: template.id, version: template.version }, content: template.contentOf(params) };
}

export class TemplateCatalog {
  constructor(
    private readonly views: ViewStore,
    private readonly events: EventStore,
  ) {}

  list(): readonly TemplateItem[] {
    return workflowTemplates.map(templateItem);
  }

  /** With the active configurations as choices wherever a parameter names one. */
  async detail(id: string): Promise<TemplateDetail | Refusal> {
    const template = findTemplate(id);
    if (!template) return templateNotFound(id);
    await this.views.waitFor(this.events.lastAppended);
    const properties: JsonObject = { ...(template.paramSchema['properties'] as JsonObject) };
    for (const [param, providerId] of Object.entries(template.configurationParams)) {
      const choices = await this.choices(providerId);
      // An empty `oneOf` is no valid schema.
      if (choices.length > 0) properties[param] = { ...(properties[param] as JsonObject), oneOf: choices };
    }
    const paramSchemaObject = { ...template.paramSchema, properties };
    return { ...templateItem(template), paramSchema: JSON.stringify(paramSchemaObject), paramSchemaObject };
  }

  private async choices(providerId: string): Promise<JsonObject[]> {
    const rows = await this.views.find<{ name: string }>(providerConfigurationsView.name, {
      filters: [
        { field: 'providerId', equals: providerId },
        { field: 'status', equals: 'active' },
      ],
      sort: { field: 'name', descending: false },
      limit: CHOICES_MAX,
    });
    return rows.map(({ key, doc }) => ({ const: key, title: doc.name }));
  }
}
