// Signing in by a one-time link (#/signin/CODE), and how to get one.
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../api';
import { setLang, t, useLang } from '../i18n';
import { loadSession, signIn } from '../session';
import { Command, Failure, Skeleton } from '../ui/bits';
import { Mark } from '../ui/marks';

export function SignInPage({ code, offline }: { code: string | undefined; offline: boolean }) {
	const language = useLang();
	const [error, setError] = useState<ApiError | null>(null);
	useEffect(() => {
		if (!code) return;
		// The code leaves the address bar and the browser's history before anything else happens.
		history.replaceState(null, '', '#/');
		signIn(code).then(
			() => dispatchEvent(new HashChangeEvent('hashchange')),
			(cause) => setError(cause instanceof ApiError ? cause : new ApiError('bug', String(cause), 0)),
		);
	}, [code]);
	const down = offline || error?.code === 'offline';
	return (
		<main class="signin" id="main">
			<p class="brand">mamori</p>
			<h1>{t('signin.title')}</h1>
			{code && !error && <Skeleton lines={2} />}
			{down && <Failure error={error ?? new ApiError('offline', '', 0)} retry={() => void loadSession()} />}
			{error && !down && (
				<p class="problem" role="alert">
					<Mark shape="triangle" tone="red" /> {error.code === 'http' ? t('error.http', { status: error.status }) : error.message}
				</p>
			)}
			{(!code || error) && !down && (
				<>
					<p>{t('signin.how')}</p>
					<Command text="sudo mamori signin" />
					<p class="quiet">{t('signin.note')}</p>
				</>
			)}
			<p>
				<button type="button" class="bare" lang={language === 'ja' ? 'en' : 'ja'} onClick={() => void setLang(language === 'ja' ? 'en' : 'ja')}>
					{language === 'ja' ? 'English' : '日本語'}
				</button>
			</p>
		</main>
	);
}
