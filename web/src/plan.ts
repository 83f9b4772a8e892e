// The pages of planning and of closed networks, in a file of their own that the browser fetches once the first page stands.
export { AssistantPage } from './pages/assistant';
export { CalendarPage } from './pages/calendar';
export { DecisionsPage } from './pages/decisions';
export { GroupPage } from './pages/group';
export { GroupsPage } from './pages/groups';
export { PoliciesPage } from './pages/policies';
export { RelayPage } from './pages/relay';
export { RelaysPage } from './pages/relays';
export { SitePage } from './pages/site';
export { PolicyPage } from './pages/policy';
