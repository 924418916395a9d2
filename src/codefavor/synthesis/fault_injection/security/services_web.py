"""Owns the security templates of web applications and their settings."""
# ruff: noqa: E501 — a template of several lines is easier to compare with its neighbours on one

from typing import Final

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security.templates import Scene, template

_DEBUG: Final = (
    r"debug=True.*",
    r"\.debug = True",
    r"'DEBUG'\] = True",
    r"^DEBUG = True",
    r"DEBUG=True.*",
    r"use_(debugger|evalex)=True.*",
)
_DEBUG_FEEDBACK: Final = (
    "The naive code runs the application in debug mode, as $mark shows, whose console lets visitors execute code. The "
    "improved code leaves it off.",
    "Debug mode: $mark in the naive code shows source and an interactive console to everyone who causes an error. The "
    "improved code does not switch it on.",
)
_STARTS: Final = (
    Scene(
        duty=(
            "Next to it stands a small web application that can be started.",
            "The module also starts a web application.",
        ),
        before="import os\nfrom flask import Flask\n$app = Flask(__name__)\n@$app.route('/$route')\ndef $view():\n    return 'ok'",
        naive=(
            "$app.run(debug=True)",
            "if __name__ == '__main__':\n    $app.run(host='127.0.0.1', port=[[5000||8000||8080]], debug=True)",
            "$app.debug = True\nif __name__ == '__main__':\n    $app.run(port=[[5000||8080]])",
            "$app.config['DEBUG'] = True\n$app.run()",
            "$app.config.update(DEBUG=True, TESTING=[[False||True]], JSON_SORT_KEYS=False)\n$app.run(port=[[5000||8080]])",
            "from werkzeug.serving import run_simple\nrun_simple('localhost', [[5000||8080]], $app, use_debugger=True, use_reloader=True)",
        ),
        improved=(
            "$app.run()",
            "$app.run(debug=False)",
            "if __name__ == '__main__':\n    $app.run(host='127.0.0.1', port=[[5000||8000||8080]])",
            "if __name__ == '__main__':\n    from waitress import serve\n    serve($app, host='127.0.0.1', port=[[5000||8080]])",
            "$app.config['DEBUG'] = False\n$app.run(port=int(os.environ.get('PORT', '[[5000||8080]]')))",
        ),
    ),
    Scene(
        duty=("It also starts the given application.", "The application passed in is run."),
        inputs="$app $port",
        helper="start_app run_app serve",
        naive=(
            "$app.run(port=$port, debug=True)",
            "$app.debug = True\n$app.run('127.0.0.1', $port)",
            "$app.run(host='localhost', port=$port, debug=True, use_reloader=[[True||False]], threaded=True)",
            "from werkzeug.serving import run_simple\nrun_simple('127.0.0.1', $port, $app, use_evalex=True, use_debugger=True)",
        ),
        improved=(
            "$app.run(port=$port)",
            "$app.run(host='localhost', port=$port, debug=False, threaded=True)",
            "from werkzeug.serving import run_simple\nrun_simple('127.0.0.1', $port, $app)",
            "from wsgiref.simple_server import make_server\nwith make_server('127.0.0.1', $port, $app) as server:\n    server.serve_forever()",
        ),
    ),
)
_CSRF: Final = (
    r"csrf_exempt.*",
    r"csrf\.exempt.*",
    r"CSRF(_ENABLED|_CHECK_DEFAULT|_PROTECT)?'\] = False",
    r"csrf = False",
    r"'csrf': False.*",
    r"methods=\['GET', 'POST'\].*",
    r"check_csrf=False.*",
)
_CSRF_FEEDBACK: Final = (
    "The naive code takes changes without a check where they come from, as $mark shows, so another site can send them in "
    "a user's name (cross-site request forgery). The improved code keeps the check.",
    "Missing CSRF protection: with $mark the naive code accepts forged forms. The improved code demands the token of its "
    "own page.",
)
_FORMS: Final = (
    Scene(
        duty=(
            "Next to it stands a web view that changes the visitor's e-mail address.",
            "The module also has a view for changing an address.",
        ),
        before="from django.http import HttpResponse\nfrom django.views.decorators.csrf import csrf_protect\nfrom django.views.decorators.http import require_POST",
        naive=(
            "from django.views.decorators import csrf as guard\n@guard.csrf_exempt\ndef $view($request):\n    $request.user.email = $request.POST['email']\n    $request.user.save()\n    return HttpResponse('[[ok||done||changed]]')",
            "from django.views.decorators.csrf import csrf_exempt\n@csrf_exempt\n@require_POST\ndef $view($request):\n    $request.user.email = $request.POST['email']\n    $request.user.save()\n    return HttpResponse('[[ok||done||changed]]', content_type='text/plain; charset=utf-8')",
            "from django.utils.decorators import method_decorator\nfrom django.views import View\nfrom django.views.decorators.csrf import csrf_exempt\n@method_decorator(csrf_exempt, name='dispatch')\nclass $cls(View):\n\n    def post(self, $request):\n        $request.user.email = $request.POST['email']\n        $request.user.save()\n        return HttpResponse('ok')",
            "from django.views.decorators.csrf import csrf_exempt\ndef $view($request):\n    $request.user.email = $request.POST['email']\n    $request.user.save()\n    return HttpResponse('ok')\n$view = csrf_exempt($view)",
        ),
        improved=(
            "@csrf_protect\ndef $view($request):\n    $request.user.email = $request.POST['email']\n    $request.user.save()\n    return HttpResponse('[[ok||done||changed]]')",
            "@require_POST\ndef $view($request):\n    $request.user.email = $request.POST['email']\n    $request.user.save()\n    return HttpResponse('[[ok||done||changed]]')",
            "@csrf_protect\n@require_POST\ndef $view($request):\n    $request.user.email = $request.POST.get('email', '').strip()\n    $request.user.save(update_fields=['email'])\n    return HttpResponse('[[ok||done||changed]]', content_type='text/plain')",
        ),
    ),
    Scene(
        duty=(
            "Next to it stands a web application with forms.",
            "The module also sets up an application that takes forms.",
        ),
        before="from flask import Flask, request\nfrom flask_wtf import CSRFProtect, FlaskForm\n$app = Flask(__name__)",
        after="@$app.route('/$route', methods=['POST'])\ndef $view():\n    return request.form.get('[[name||title||email]]', '')",
        naive=(
            "$app.config['WTF_CSRF_ENABLED'] = False",
            "guard = CSRFProtect($app)\n$app.config['WTF_CSRF_CHECK_DEFAULT'] = False",
            "class $cls(FlaskForm):\n\n    class Meta:\n        csrf = False",
            "csrf = CSRFProtect()\ncsrf.init_app($app)\ncsrf.exempt('[[views.$view||main.$view]]')",
        ),
        improved=(
            "CSRFProtect($app)",
            "guard = CSRFProtect()\nguard.init_app($app)",
            "$app.config['WTF_CSRF_ENABLED'] = True\nguard = CSRFProtect($app)",
            "$app.config['WTF_CSRF_TIME_LIMIT'] = [[600||3600]]\nguard = CSRFProtect()\nguard.init_app($app)",
        ),
    ),
    Scene(
        duty=(
            "Next to it stands a web view that deletes the visitor's account.",
            "The module also lets visitors close their account.",
        ),
        before="from flask import Flask, abort, request, session\nfrom flask_wtf.csrf import validate_csrf\nfrom models import User\n$app = Flask(__name__)",
        naive=(
            "@$app.route('/$route', methods=['GET', 'POST'])\ndef $view():\n    User.query.filter_by(id=session['user']).delete()\n    return 'deleted'",
            "@$app.route('/$route/<int:confirm>', methods=['GET', 'POST'])\ndef $view(confirm):\n    if not confirm:\n        return 'please confirm that the account is to be closed'\n    User.query.filter_by(id=session['user']).delete()\n    return ('[[deleted||closed]]', 200)",
        ),
        improved=(
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    validate_csrf(request.form.get('token'))\n    User.query.filter_by(id=session['user']).delete()\n    return '[[deleted||closed]]'",
            "@$app.post('/$route')\ndef $view():\n    validate_csrf(request.headers['X-Token'])\n    User.query.filter_by(id=session['user']).delete()\n    return 'ok'",
            "from flask_wtf import CSRFProtect\nCSRFProtect($app)\n@$app.post('/$route')\ndef $view():\n    User.query.filter_by(id=session['user']).delete()\n    return '[[deleted||closed]]'",
        ),
    ),
)
_REDIRECT: Final = (
    r"redirect\(request\..*",
    r"redirect\((url|address|endpoint|link|service_url|uri|given_url)\d*(, code=\d+)?\)",
    r"'Location': (request|url|address|endpoint|link|service_url|uri|given_url).*",
    r"Redirect\(request\..*",
)
_REDIRECT_FEEDBACK: Final = (
    "The naive code sends visitors to any address in the request, in $mark, so a link to this site can lead to a "
    "deceptive one (open redirect). The improved code only leads to its own pages.",
    "Open redirect: $mark in the naive code follows an address from outside. The improved code limits where it leads.",
)
_BACK: Final = (
    Scene(
        duty=(
            "Next to it stands a web view that leads back to the page named in the request.",
            "The module also has a view that leads on to the next page.",
        ),
        before="import urllib.parse\nfrom flask import Flask, redirect, request, url_for\n$app = Flask(__name__)",
        naive=(
            "@$app.route('/$route')\ndef $view():\n    return redirect(request.args.get('[[next||back||url]]', '/'))",
            "@$app.route('/$route')\ndef $view():\n    $url = request.args.get('[[next||goto]]') or request.referrer\n    if not $url:\n        $url = url_for('index')\n    return redirect($url, code=[[302||303]])",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    return redirect(request.form['[[next||return_to||target]]'])",
            "@$app.route('/$route')\ndef $view():\n    $url = request.args['[[next||u]]']\n    return ('', 302, {'Location': $url})",
            "@$app.route('/$route')\ndef $view():\n    $url = urllib.parse.unquote(request.args.get('[[next||goto||back]]', '')).strip()\n    if '://' not in $url and (not $url.startswith('/')):\n        $url = 'https://' + $url\n    return redirect($url)",
        ),
        improved=(
            "@$app.route('/$route')\ndef $view():\n    return redirect(url_for('[[index||home]]'))",
            "@$app.route('/$route')\ndef $view():\n    $name = request.args.get('next', 'index')\n    return redirect(url_for($name if $name in ('index', 'profile') else 'index'))",
            "@$app.route('/$route')\ndef $view():\n    $path = urllib.parse.urlsplit(request.args.get('next', '/')).path\n    return redirect('/' + $path.lstrip('/\\\\'))",
            "@$app.route('/$route')\ndef $view():\n    pages = {'home': '/', 'account': '/account'}\n    return redirect(pages.get(request.args.get('[[next||back]]'), '/'))",
        ),
    ),
    Scene(
        duty=(
            "Next to it stands a view that leads on after the login.",
            "The module also has a view that ends a login.",
        ),
        before="from django.http import HttpResponseRedirect\nfrom django.shortcuts import redirect\nfrom django.utils import http",
        naive=(
            "def $view(request):\n    return HttpResponseRedirect(request.GET.get('[[next||back]]', '/'))",
            "def $view(request):\n    $url = request.POST.get('[[next||back]]') or request.META.get('HTTP_REFERER', '/')\n    request.session['last_page'] = $url\n    return redirect($url)",
            "def $view(request):\n    return redirect(request.GET['[[next||url||to]]'])",
        ),
        improved=(
            "def $view(request):\n    return redirect('[[index||home||account]]')",
            "def $view(request):\n    $url = request.GET.get('next', '')\n    if http.url_has_allowed_host_and_scheme($url, allowed_hosts={request.get_host()}):\n        return HttpResponseRedirect($url)\n    return redirect('/')",
            "def $view(request):\n    return redirect('/' + request.GET.get('[[page||next]]', '').strip('/\\\\'))",
        ),
    ),
)
_COOKIE: Final = (
    r"set_cookie\((?!.*httponly=True)(?!.*\*\*).*",
    r"(secure|httponly)=False.*",
    r"COOKIE_(SECURE|HTTPONLY)('\])? ?= ?False.*",
    r"'Set-Cookie', (?!.*HttpOnly).*",
)
_COOKIE_FEEDBACK: Final = (
    "The naive code sets a session cookie without its protective flags, in $mark, so scripts can read it or it travels "
    "unencrypted. The improved code sets `Secure` and `HttpOnly`.",
    "Unprotected cookie: $mark in the naive code leaves the session open to theft. The improved code limits the cookie "
    "to encrypted requests and hides it from scripts.",
)
_COOKIES: Final = (
    Scene(
        duty=(
            "It also puts the given token into a cookie of the response.",
            "The response passed in gets a cookie with the token.",
        ),
        inputs="$response $token",
        helper="set_session remember_session add_cookie",
        naive=(
            "$response.set_cookie('[[session||sid||auth]]', $token)",
            "$response.set_cookie('[[session||sid]]', $token, max_age=[[3600||86400]], path='/')",
            "$response.set_cookie('[[session||sid]]', $token, secure=False, httponly=False)",
            "$response.set_cookie(key='[[session||sid||auth]]', value=str($token), max_age=60 * 60 * 24 * [[7||30]], path='/', domain=None, secure=False, httponly=True)",
            "$response.headers.add('Set-Cookie', f'[[session||sid]]={$token}; Path=/')",
        ),
        improved=(
            "$response.set_cookie('[[session||sid]]', $token, secure=True, httponly=True)",
            "$response.set_cookie('[[session||sid||auth]]', $token, max_age=[[3600||86400]], secure=True, httponly=True, samesite='[[Lax||Strict]]')",
            "$config = {'secure': True, 'httponly': True, 'samesite': 'Lax'}\n$response.set_cookie('[[session||sid]]', $token, **$config)",
            "$response.headers.add('Set-Cookie', f'sid={$token}; Secure; HttpOnly')",
        ),
    ),
    Scene(
        duty=(
            "Next to it stands a web application with sessions.",
            "The module also sets up an application with sessions.",
        ),
        before="from flask import Flask, session\n$app = Flask(__name__)",
        after="@$app.route('/$route')\ndef $view():\n    return str(session.get('[[user||seen||cart]]'))",
        naive=(
            "$app.config['SESSION_COOKIE_SECURE'] = False",
            "$app.config['SESSION_COOKIE_HTTPONLY'] = False\n$app.config['SESSION_COOKIE_NAME'] = '[[sid||visit]]'",
            "$app.config.update(SESSION_COOKIE_SECURE=False, SESSION_COOKIE_HTTPONLY=False, SESSION_COOKIE_SAMESITE=None, SESSION_COOKIE_PATH='/')",
        ),
        improved=(
            "$app.config['SESSION_COOKIE_SECURE'] = True",
            "$app.config.update(SESSION_COOKIE_SECURE=True, SESSION_COOKIE_HTTPONLY=True)",
            "$app.config['SESSION_COOKIE_SECURE'] = True\n$app.config['SESSION_COOKIE_HTTPONLY'] = True\n$app.config['SESSION_COOKIE_SAMESITE'] = '[[Lax||Strict]]'",
        ),
    ),
)
_FIXED: Final = (
    r"session\[?'?\]?.* = .*request\..*",
    r"set_cookie\('\w+', request\..*",
    r"sid = request\..*",
    r"SessionStore\(.*request\..*",
    r"session_key = .*",
)
_FIXED_FEEDBACK: Final = (
    "The naive code keeps a session that the visitor brought along, in $mark, so an attacker who set it shares the login "
    "(session fixation). The improved code starts a new session at the login.",
    "Session fixation: $mark in the naive code takes the session's identifier from the request. The improved code makes "
    "a fresh one when somebody signs in.",
)
_SESSIONS: Final = (
    Scene(
        duty=("Next to it stands a web view for the login.", "The module also signs visitors in."),
        before="import secrets\nfrom flask import Flask, abort, make_response, request, session\nfrom models import check_login\n$app = Flask(__name__)\nSTORE = {}",
        naive=(
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $user = check_login(request.form)\n    sid = request.cookies.get('[[sid||session]]') or secrets.token_hex(16)\n    STORE[sid] = $user\n    $response = make_response('welcome')\n    $response.set_cookie('sid', sid, secure=True, httponly=True)\n    return $response",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $user = check_login(request.form)\n    session['[[id||sid]]'] = request.args.get('[[sid||session]]', '')\n    session['user'] = $user\n    return 'welcome'",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    sid = request.values['[[sid||session_id]]']\n    STORE[sid] = check_login(request.form)\n    return 'ok'",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    sid = request.[[headers||args||form]].get('[[X-Session||sid]]')\n    STORE[sid] = check_login(request.form)\n    return '[[ok||welcome]]'",
        ),
        improved=(
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $user = check_login(request.form)\n    session.clear()\n    session['user'] = $user\n    return '[[ok||welcome]]'",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $user = check_login(request.form)\n    STORE.pop(request.cookies.get('sid'), None)\n    sid = secrets.token_hex([[16||32]])\n    STORE[sid] = $user\n    $response = make_response('welcome')\n    $response.set_cookie('sid', sid, secure=True, httponly=True)\n    return $response",
            "@$app.post('/$route')\ndef $view():\n    $user = check_login(request.form)\n    session.clear()\n    session.update(user=$user, token=secrets.token_urlsafe([[16||24]]))\n    return 'welcome'",
        ),
    ),
)
_DETAIL: Final = (
    r"(?<!log_)format_exc\(.*",
    r"(str|repr)\((error|exc)\).*",
    r"return .*\{(error|exc)!?r?\}.*",
    r"(error|exc)\.args\b.*",
    r"__dict__.*",
    r"format_exception\(.*",
    r"sys\.exc_info\(.*",
    r"return .*% (error|exc)\b.*",
)
_DETAIL_FEEDBACK: Final = (
    "The naive code sends internals of an error to the client, in $mark, which shows paths, queries and versions to an "
    "attacker. The improved code answers in general words and keeps the detail in its log.",
    "Information exposure: $mark in the naive code gives the text of an exception to everyone. The improved code tells "
    "the client only that something failed.",
)
_ERRORS: Final = (
    Scene(
        duty=(
            "Next to it stands a web view that answers also where its work fails.",
            "The module also has a view with a handler for errors.",
        ),
        before="import logging\nimport traceback\nfrom flask import Flask, jsonify, request\nfrom models import find_item\n$app = Flask(__name__)\n$log = logging.getLogger(__name__)",
        naive=(
            "@$app.route('/$route')\ndef $view():\n    try:\n        return find_item(request.args['id'])\n    except Exception as error:\n        return (str(error), 500)",
            "@$app.route('/$route')\ndef $view():\n    try:\n        return find_item(request.args['id'])\n    except Exception:\n        return (traceback.format_exc(), [[500||400]])",
            "@$app.route('/$route')\ndef $view():\n    try:\n        return jsonify(find_item(request.args['id']))\n    except Exception as error:\n        $log.exception('[[lookup||view||request]] failed')\n        return (jsonify(error=repr(error), kind=type(error).__name__, trace=traceback.format_exc()), 500)",
            "@$app.route('/$route')\ndef $view():\n    try:\n        return find_item(request.args['id'])\n    except Exception as exc:\n        return f'failed: {exc}'",
            "@$app.errorhandler([[Exception||500]])\ndef $view(error):\n    return (jsonify(error=str(error), detail=traceback.format_exc().splitlines()), 500)",
            "@$app.errorhandler([[Exception||500]])\ndef $view(exc):\n    return ('error: %s' % exc, 500)",
        ),
        improved=(
            "@$app.route('/$route')\ndef $view():\n    try:\n        return find_item(request.args['id'])\n    except Exception:\n        $log.exception('failed')\n        return ('error', 500)",
            "@$app.route('/$route')\ndef $view():\n    try:\n        return jsonify(find_item(request.args['id']))\n    except Exception:\n        $log.exception('[[lookup||request]] failed')\n        return (jsonify(error='[[internal error||the request failed]]'), 500)",
            "@$app.errorhandler([[Exception||500]])\ndef $view(error):\n    $log.error('view failed', exc_info=error)\n    return ('[[internal error||something went wrong]]', 500)",
            "@$app.errorhandler([[Exception||500]])\ndef $view(error):\n    number = id(error)\n    $log.error('problem %x', number, exc_info=error)\n    return (jsonify(error='[[internal error||please report this number]]', number=f'{number:x}'), 500)",
        ),
    ),
    Scene(
        duty=(
            "It also turns the given failure into an answer for the client.",
            "An answer for the client is made of the error passed in.",
        ),
        inputs="$log",
        result="$response",
        helper="answer_for client_answer",
        before="import traceback",
        naive=(
            "try:\n    $response = {'status': [[200||'ok']], 'version': open('VERSION').read()}\nexcept OSError as error:\n    $response = {'status': 500, 'error': str(error)}",
            "try:\n    $response = {'status': 'ok', 'version': open('VERSION').read()}\nexcept OSError:\n    $log.exception('no version')\n    $response = {'status': 500, 'error': traceback.format_exc(), 'hint': '[[send this to us||please report]]'}",
            "try:\n    $response = {'status': [[200||'ok']], 'version': open('VERSION').read()}\nexcept OSError as exc:\n    $response = {'status': 500, 'error': exc.args}",
        ),
        improved=(
            "try:\n    $response = {'status': [[200||'ok']], 'version': open('VERSION').read()}\nexcept OSError:\n    $response = {'status': 500}",
            "try:\n    $response = {'status': 'ok', 'version': open('VERSION').read()}\nexcept OSError:\n    $log.exception('no version')\n    $response = {'status': 500, 'error': '[[internal error||unavailable]]'}",
            "try:\n    $response = {'status': [[200||'ok']], 'version': open('VERSION').read()}\nexcept OSError as error:\n    $log.warning('no version: %s', error)\n    $response = {'status': 500, 'error': 'try again later'}",
        ),
    ),
)

OPERATORS: Final[tuple[Operator, ...]] = (
    template("debug-mode", "CWE-489", "runs in debug mode", _DEBUG, _DEBUG_FEEDBACK, _STARTS),
    template("csrf-off", "CWE-352", "takes forged forms", _CSRF, _CSRF_FEEDBACK, _FORMS),
    template("open-redirect", "CWE-601", "leads to any address", _REDIRECT, _REDIRECT_FEEDBACK, _BACK),
    template("cookie-flags", "CWE-614", "sets an unprotected cookie", _COOKIE, _COOKIE_FEEDBACK, _COOKIES),
    template("session-fixation", "CWE-384", "keeps a given session", _FIXED, _FIXED_FEEDBACK, _SESSIONS),
    template("error-detail", "CWE-209", "shows internals of errors", _DETAIL, _DETAIL_FEEDBACK, _ERRORS),
)
