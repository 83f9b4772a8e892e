// Two pages share one address: the dashboard, and a ward's small page that needs nothing of it.
import './styles/base.css';
import './styles/frame.css';
import './styles/table.css';
import './styles/overview.css';
import './styles/pages.css';
import './styles/calendar.css';
import './styles/policy.css';
import './styles/decisions.css';
import './styles/groups.css';
import './styles/relays.css';
import './styles/exposure.css';
import './styles/exposure-more.css';
import './styles/surface.css';
import './styles/surface-more.css';
import './styles/plan-media.css';
import './styles/ward.css';
import './styles/print.css';

const root = document.getElementById('app') as HTMLElement;
const isWard = () => /^#\/ward(?:[/?]|$)/.test(location.hash);
const ward = isWard();

addEventListener('hashchange', () => {
	if (isWard() !== ward) location.reload();
});
if (ward) void import('./ward/page').then(({ startWard }) => startWard(root));
else void import('./dashboard').then(({ startDashboard }) => startDashboard(root));
