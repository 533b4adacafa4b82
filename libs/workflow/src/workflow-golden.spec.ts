// A stream as version 0.1.0 recorded it. It must fold for ever: never change it, only add streams of later versions.
import { fold } from '@app/kernel';
import type { WorkflowEvent } from './workflow-events.js';
import { activeVersionOf, versionOf, workflow } from './workflow.js';

const stream = String.raw`[
  {"type":"WorkflowCreated","data":{"name":"pix-screening","description":"Screens a PIX before posting",
    "nodes":[{"id":"in","type":"trigger","name":"Entry","position":{"x":0,"y":0.5},
      "data":{"triggerType":"webhook","path":"/pix/in","method":"POST","verify_token":{"$secret":"018f"}}},
      {"id":"yes","type":"action","position":{"x":0,"y":0},"data":{"actionType":"set_output","output":{"approved":true}}}],
    "edges":[{"id":"e1","source":"in","target":"yes","label":"go"}],
    "metadata":{"squad":"risk"},"templateId":"t","templateVersion":"v1"}},
  {"type":"WorkflowActivated","data":{"name":"pix-screening","version":1,
    "definitionHash":"0ae84ac69f3d0c6ec0ef3f9d0e5b6a7e3dd5d64f0cf0b8c6d7f6a3b2a1908f7e"}},
  {"type":"WorkflowDeactivated","data":{"name":"pix-screening"}},
  {"type":"WorkflowDrafted","data":{"name":"pix-screening"}},
  {"type":"WorkflowUpdated","data":{"name":"pix-guard","nodes":[],"edges":[],"settings":{"runTimeoutSeconds":60},
    "changes":[{"path":"name","before":"pix-screening","after":"pix-guard"}]}},
  {"type":"WorkflowRestored","data":{"name":"pix-guard","version":1,
    "nodes":[{"id":"in","type":"trigger","position":{"x":0,"y":0},"data":{"triggerId":"webhook"}}],"edges":[],"changes":[]}},
  {"type":"WorkflowActivated","data":{"name":"pix-guard","version":2,
    "definitionHash":"1be84ac69f3d0c6ec0ef3f9d0e5b6a7e3dd5d64f0cf0b8c6d7f6a3b2a1908f7e"}}]`;
const cloned = String.raw`[{"type":"WorkflowCloned","data":{"name":"copy","nodes":[],"edges":[],
  "sourceWorkflowId":"0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11","sourceName":"pix-screening"}},
  {"type":"WorkflowDeleted","data":{"name":"copy"}}]`;

describe('the golden stream of version 0.1.0', () => {
  it('still folds into the same workflow', () => {
    const state = fold(workflow, JSON.parse(stream) as WorkflowEvent[]);
    expect(state).toMatchObject({
      status: 'active',
      revision: 6,
      activeVersion: 2,
      content: { name: 'pix-guard', nodes: [{ id: 'in' }] },
    });
    expect(versionOf(state, 1)).toMatchObject({ activatedRevision: 1, definition: { edges: [{ label: 'go' }] } });
    expect(activeVersionOf(state)).toMatchObject({ version: 2, activatedRevision: 6 });
  });

  it('still folds a clone that was deleted', () =>
    expect(fold(workflow, JSON.parse(cloned) as WorkflowEvent[])).toMatchObject({ status: 'deleted', revision: 1 }));
});
