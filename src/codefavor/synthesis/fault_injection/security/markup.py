"""Owns the security templates in which given text becomes a page, a template, a directory query or a log line."""
# ruff: noqa: E501 — a template of several lines is easier to compare with its neighbours on one

from typing import Final

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security.templates import Scene, template

_HTML: Final = (
    r"""f["']<[^'"]*\{(?!escape|html\.escape|quote|Markup|conditional)\w.*""",
    r"""["']<.*["'] ?[%+] (?!''|\(?(html\.)?escape|\(?quote|\(?cgi).*""",
    r"""["']<.*["']\.(format|replace)\((?!.*escape).*""",
)
_HTML_FEEDBACK: Final = (
    "The naive code puts a given value into HTML without escaping it in $mark, so that markup in the value runs as a "
    "script in the reader's browser (cross-site scripting). The improved code escapes the value first.",
    "Cross-site scripting: $mark in the naive code copies untrusted text into a page. The improved code turns `<`, `>` "
    "and `&` into entities.",
)
_PAGES: Final = (
    Scene(
        duty=(
            "It also makes a small piece of HTML that greets the user by name.",
            "An HTML greeting for the given name is built too.",
        ),
        inputs="$name",
        result="$html",
        helper="render_greeting greeting_html welcome_fragment",
        before="from html import escape",
        naive=(
            "$html = f'<p>Hello, {$name}!</p>'",
            "$html = '<p>Hello, ' + $name + '!</p>'",
            "$html = '<p class=\"greeting\">Hello, {0}!</p>'.format($name.strip() or 'guest')",
            "$name = $name.strip().title()\n$html = f'<p>Hello, {$name}, and welcome back!</p>'",
            "$html = '<h1>Welcome %s</h1>' % $name",
            "$html = '<div class=\"greeting\">{}</div>'.format($name)",
            "$html = '<p>Hello, NAME!</p>'.replace('NAME', $name)",
        ),
        improved=(
            "$html = f'<p>Hello, {escape($name)}!</p>'",
            "$html = '<p>Hello, ' + escape($name) + '!</p>'",
            "$html = '<h1>Welcome %s</h1>' % escape($name, quote=True)",
            "$html = '<div class=\"greeting\">{}</div>'.format(escape(str($name)))",
        ),
    ),
    Scene(
        duty=(
            "It also renders the given records as a list for a web page.",
            "The items passed in are shown as an HTML list.",
        ),
        inputs="$items",
        result="$html",
        helper="render_list items_to_html list_markup",
        before="import html\nimport re",
        naive=(
            "$html = '<ul>' + ''.join(f'<li>{item}</li>' for item in $items) + '</ul>'",
            "$html = '<ul>'\nfor item in $items:\n    $html += '<li>%s</li>' % item\n$html += '</ul>'",
            "lines = []\nfor item in $items:\n    lines.append('<li>{}</li>'.format(item))\n$html = ''.join(lines)",
            "$html = '\\n'.join(['<li>' + str(item) + '</li>' for item in $items])",
        ),
        improved=(
            "$html = '<ul>' + ''.join(f'<li>{html.escape(str(item))}</li>' for item in $items)\n$html += '</ul>'",
            "$html = '<ul>'\nfor item in $items:\n    $html += '<li>%s</li>' % html.escape(str(item))\n$html += '</ul>'",
            "lines = []\nfor item in $items:\n    lines.append('<li>{}</li>'.format(html.escape(f'{item}')))\n$html = ''.join(lines)",
        ),
    ),
    Scene(
        duty=(
            "The module also serves a page that repeats the search words of the request.",
            "Beside it there is a web view that shows what was searched for.",
        ),
        before="from flask import Flask, request\nfrom markupsafe import escape\n$app = Flask(__name__)",
        naive=(
            "@$app.route('/$route')\ndef $view():\n    $value = request.args.get('q', '')\n    return '<h2>Results for ' + $value + '</h2>'",
            "@$app.route('/$route')\ndef $view():\n    $value = request.args.get('q', '')\n    return f'<h2>Results for {$value}</h2>'",
            "@$app.route('/$route')\ndef $view():\n    return '<h2>Results for %s</h2>' % request.args.get('q')",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $value = request.form['q']\n    return '<b>{}</b>'.format($value)",
        ),
        improved=(
            "@$app.route('/$route')\ndef $view():\n    $value = request.args.get('q', '')\n    return '<h2>Results for ' + escape($value) + '</h2>'",
            "@$app.route('/$route')\ndef $view():\n    $value = request.args.get('q', '')\n    return f'<h2>Results for {escape($value)}</h2>'",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $value = request.form['q']\n    return '<b>{}</b>'.format(escape($value))",
        ),
    ),
    Scene(
        duty=(
            "Next to it stands a Django view that shows the comment sent with the request.",
            "The module also has a Django view for a posted comment.",
        ),
        before="from django.http import HttpResponse\nfrom django.utils.html import escape",
        naive=(
            "def $view(request):\n    return HttpResponse('<p>' + request.POST['comment'] + '</p>')",
            "def $view(request):\n    $value = request.POST.get('comment', '')\n    return HttpResponse(f'<p>{$value}</p>')",
            "def $view(request):\n    $value = request.GET.get('comment', '')\n    return HttpResponse('<blockquote>%s</blockquote>' % $value)",
            "def $view(request):\n    return HttpResponse('<p>{}</p>'.format(request.POST.get('comment')))",
        ),
        improved=(
            "def $view(request):\n    return HttpResponse('<p>' + escape(request.POST['comment']) + '</p>')",
            "def $view(request):\n    $value = request.POST.get('comment', '')\n    return HttpResponse(f'<p>{escape($value)}</p>')",
            "def $view(request):\n    $value = escape(request.GET.get('comment', ''))\n    return HttpResponse($value)",
            "def $view(request):\n    return HttpResponse(request.POST.get('comment', ''), content_type='text/plain')",
        ),
    ),
)

_SAFE: Final = (
    r"mark_safe\(.*",
    r"Markup\((?!\)|['\"]).*",
    r"autoescape=False",
    r"Environment\(loader=[\w.]+\(\w+\)\)",
    r"\|\s*safe\b",
    r"autoescape (off|false)",
    r"SafeString\(.*",
)
_SAFE_FEEDBACK: Final = (
    "The naive code declares untrusted text to be safe markup with $mark, which switches escaping off and allows "
    "cross-site scripting. The improved code lets it be escaped.",
    "Cross-site scripting: because of $mark the naive code writes given text into the page as it is. The improved "
    "code keeps escaping on.",
)
_MARKED: Final = (
    Scene(
        duty=(
            "It also prepares the given text for a Django page.",
            "The text passed in is wrapped for showing it in a Django template.",
        ),
        inputs="$value",
        result="$html",
        helper="to_markup show_text prepare_text as_html",
        naive=(
            "from django.utils.safestring import mark_safe\n$html = mark_safe($value)",
            "from django.utils.safestring import mark_safe\n$html = mark_safe(f'<b>{$value}</b>')",
            "from django.utils.safestring import mark_safe\n$html = mark_safe('<span>%s</span>' % $value)",
            "from django.utils.safestring import mark_safe\n$html = mark_safe('<em>' + $value + '</em>')",
            "from django.utils.safestring import SafeString\n$html = SafeString('<b>' + $value + '</b>')",
        ),
        improved=(
            "from django.utils.html import format_html\n$html = format_html('<b>{}</b>', $value)",
            "from django.utils.html import escape\n$html = escape($value)",
            "from django.utils.html import conditional_escape, format_html\n$html = format_html('<span class=\"text\">{}</span>', conditional_escape($value))",
        ),
    ),
    Scene(
        duty=(
            "It also fills the given page layout with the given value through Jinja.",
            "A page of the template folder is rendered with the value passed in.",
        ),
        inputs="$folder $value",
        result="$html",
        helper="render_page fill_layout build_page",
        naive=(
            "from jinja2 import Environment, FileSystemLoader\nenv = Environment(loader=FileSystemLoader($folder))\n$html = env.get_template('page.html').render(value=$value)",
            "from jinja2 import Environment, FileSystemLoader\nenv = Environment(autoescape=False, loader=FileSystemLoader($folder))\n$html = env.get_template('page.html').render(value=$value)",
            "from jinja2 import Environment, FileSystemLoader\nfrom markupsafe import Markup\nenv = Environment(loader=FileSystemLoader($folder), autoescape=True)\n$html = env.get_template('page.html').render(value=Markup($value))",
            "import jinja2\n$html = jinja2.Environment(loader=jinja2.FileSystemLoader($folder), autoescape=False).get_template('page.html').render(value=$value)",
        ),
        improved=(
            "from jinja2 import Environment, FileSystemLoader\nenv = Environment(loader=FileSystemLoader($folder), autoescape=True)\n$html = env.get_template('page.html').render(value=$value)",
            "from jinja2 import Environment, FileSystemLoader, select_autoescape\nenv = Environment(autoescape=select_autoescape(), loader=FileSystemLoader($folder))\n$html = env.get_template('page.html').render(value=$value)",
            "import jinja2\n$html = jinja2.Environment(loader=jinja2.FileSystemLoader($folder), autoescape=jinja2.select_autoescape(['html'])).get_template('page.html').render(value=$value)",
        ),
    ),
    Scene(
        duty=(
            "The module also serves a page with the message sent in the request.",
            "Beside it there is a Flask view that shows a message.",
        ),
        before="from flask import Flask, render_template_string, request\nfrom markupsafe import Markup, escape\n$app = Flask(__name__)",
        naive=(
            "@$app.route('/$route')\ndef $view():\n    return render_template_string('<p>{{ text|safe }}</p>', text=request.args.get('text'))",
            "@$app.route('/$route')\ndef $view():\n    $value = request.args.get('text', '')\n    return render_template_string('<p>{{ text }}</p>', text=Markup($value))",
            "@$app.route('/$route')\ndef $view():\n    $value = request.args.get('text', '')\n    return Markup(f'<p>{$value}</p>')",
            "@$app.route('/$route')\ndef $view():\n    return render_template_string('{% autoescape false %}<p>{{ text }}</p>{% endautoescape %}', text=request.args['text'])",
        ),
        improved=(
            "@$app.route('/$route')\ndef $view():\n    return render_template_string('<p>{{ text }}</p>', text=request.args.get('text'))",
            "@$app.route('/$route')\ndef $view():\n    $value = request.args.get('text', '')\n    return Markup('<p>{}</p>').format($value)",
            "@$app.route('/$route')\ndef $view():\n    $value = escape(request.args.get('text', ''))\n    return render_template_string('<p>{{ text }}</p>', text=$value)",
        ),
    ),
)

_TEMPLATE: Final = (
    r"Template\((?!['\"]).*",
    r"from_string\((?!['\"]).*",
    r"render_template_string\((?!['\"]).*",
    r"(from_string|render_template_string|Template)\(['\"][^()]*['\"]( [+%]|\.format).*",
)
_TEMPLATE_FEEDBACK: Final = (
    "The naive code uses given text as a template in $mark, so expressions in it are executed on the server (template "
    "injection). The improved code keeps the template constant and passes the text as a value.",
    "Template injection: $mark in the naive code compiles untrusted text. The improved code fills a fixed template.",
)
_TEMPLATES: Final = (
    Scene(
        duty=(
            "It also renders a greeting for the given name with Jinja.",
            "A Jinja greeting with the name passed in is made too.",
        ),
        inputs="$name",
        result="$html",
        helper="render_greeting make_greeting greet",
        naive=(
            "from jinja2 import Template\n$html = Template('Hello ' + $name).render()",
            "from jinja2 import Template\n$html = Template(f'Hello {$name}!').render()",
            "from jinja2 import Environment\n$html = Environment(autoescape=True).from_string(f'Hello {$name}').render()",
            "from jinja2 import Environment\n$html = Environment(autoescape=True).from_string('Hello %s' % $name).render()",
            "from mako.template import Template\n$html = Template('Hello ' + $name).render()",
        ),
        improved=(
            "from jinja2 import Template\n$html = Template('Hello {{ name }}').render(name=$name)",
            "from jinja2 import Environment\n$html = Environment(autoescape=True).from_string('Hello {{ name }}').render(name=$name)",
            "import string\n$html = string.Formatter().format('Hello {who}', who=$name)",
            "from mako.template import Template\n$html = Template('Hello ${name}').render(name=$name)",
        ),
    ),
    Scene(
        duty=(
            "Beside it stands a Flask view that greets the user named in the request.",
            "The module also serves a greeting page.",
        ),
        before="from flask import Flask, render_template_string, render_template, request\n$app = Flask(__name__)",
        naive=(
            "@$app.route('/$route')\ndef $view():\n    $name = request.args.get('name', '')\n    return render_template_string(f'<h1>Hello {$name}</h1>')",
            "@$app.route('/$route')\ndef $view():\n    return render_template_string('<h1>Hello ' + request.args['name'] + '</h1>')",
            "@$app.route('/$route')\ndef $view():\n    $template = '<h1>Hello %s</h1>' % request.args.get('name')\n    return render_template_string($template)",
            "@$app.route('/$route')\ndef $view():\n    $template = request.args.get('layout', '<h1>Hello</h1>')\n    return render_template_string($template)",
        ),
        improved=(
            "@$app.route('/$route')\ndef $view():\n    $name = request.args.get('name', '')\n    return render_template_string('<h1>Hello {{ name }}</h1>', name=$name)",
            "@$app.route('/$route')\ndef $view():\n    return render_template_string('<h1>Hello {{ who }}</h1>', who=request.args['name'])",
            "@$app.route('/$route')\ndef $view():\n    return render_template('hello.html', name=request.args.get('name'))",
        ),
    ),
)

_LDAP: Final = (
    r"""f["']\(.*?=\{(?!escape|ldap).*""",
    r"""["']\(.*["'] [+%] (?!\(?escape|\(?ldap).*""",
    r"""["']\(.*["']\.format\((?!.*escape).*""",
)
_LDAP_FEEDBACK: Final = (
    "The naive code writes a given value into a directory filter unescaped in $mark, so `*` or `)` in it changes the "
    "search (LDAP injection). The improved code escapes the value.",
    "LDAP injection: $mark in the naive code builds the filter from untrusted text. In the improved code special "
    "characters of the value lose their meaning.",
)
_DIRECTORY: Final = (
    Scene(
        duty=(
            "It also looks the given user up in the company directory.",
            "The directory entry of the user passed in is searched as well.",
        ),
        inputs="$db $user",
        result="$items",
        helper="find_user directory_entry search_directory look_up_user",
        before="import ldap\nfrom ldap.filter import escape_filter_chars, filter_format",
        after="$items = $db.search_s('[[dc=example,dc=com||ou=people,dc=example,dc=org]]', ldap.SCOPE_SUBTREE, $query)",
        naive=(
            "$query = f'(uid={$user})'",
            "$query = '(uid=' + $user + ')'",
            "$query = '(&(objectClass=person)(cn=%s))' % $user",
            "$query = '(|(uid={0})(mail={0}))'.format($user)",
        ),
        improved=(
            "$query = f'(uid={escape_filter_chars($user)})'",
            "$query = '(uid=' + escape_filter_chars($user) + ')'",
            "$query = filter_format('(&(objectClass=person)(cn=%s))', [$user])",
            "$query = '(|(uid={0})(mail={0}))'.format(escape_filter_chars($user))",
        ),
    ),
    Scene(
        duty=(
            "It also searches the members of the given group over an ldap3 connection.",
            "The group passed in is looked up in the directory.",
        ),
        inputs="$db $name",
        result="$items",
        helper="group_members find_group search_group",
        before="from ldap3.utils.conv import escape_filter_chars",
        after="$items = $db.entries",
        naive=(
            "$db.search('ou=groups,dc=example,dc=com', f'(cn={$name})', attributes=['member'])",
            "$db.search('ou=groups,dc=example,dc=com', '(cn=' + $name + ')', attributes=['member'])",
            "$db.search(search_base='ou=groups,dc=example,dc=com', search_filter='(&(objectClass=group)(cn=%s))' % $name)",
            "$query = '(cn={})'.format($name)\n$db.search('ou=groups,dc=example,dc=com', $query)",
        ),
        improved=(
            "$db.search('ou=groups,dc=example,dc=com', f'(cn={escape_filter_chars($name)})', attributes=['member'])",
            "$db.search('ou=groups,dc=example,dc=com', '(cn=' + escape_filter_chars($name) + ')')",
            "$query = '(cn={})'.format(escape_filter_chars($name))\n$db.search('ou=groups,dc=example,dc=com', $query)",
        ),
    ),
)

_XPATH: Final = (
    r"""f["'](\.?//|count\().*""",
    r"""["'](\.?//|count\().*["'] [+%] .*""",
    r"""["'](\.?//|count\().*["']\.format\(.*""",
)
_XPATH_FEEDBACK: Final = (
    "The naive code writes a given value into an XPath expression in $mark, so a quote in it changes what is selected "
    "(XPath injection). The improved code keeps the value out of the expression.",
    "XPath injection: $mark in the naive code assembles the expression from untrusted text. The improved code passes "
    "the value as a variable or compares it in Python.",
)
_XML_QUERIES: Final = (
    Scene(
        duty=(
            "It also finds the nodes of the given document that carry the given name.",
            "The XML tree passed in is searched for a name.",
        ),
        inputs="$root $name",
        result="$items",
        helper="find_nodes nodes_named select_nodes",
        naive=(
            "$items = $root.xpath(f\"//user[@name='{$name}']\")",
            "if not $name:\n    raise ValueError('a name is needed')\n$query = \"//user[@name='{}']/email/text()\".format($name.strip())\n$items = list($root.xpath($query))",
            "$items = []\nfor item in $root.xpath(\"//user[@name='\" + $name + \"']\"):\n    if item.get('active') != 'no':\n        $items.append(item)",
            '$items = $root.xpath("//user[name/text()=\'" + $name + "\']")',
            "$items = $root.xpath(\"//user[@name='%s']\" % $name)",
            "$query = \"//user[@name='{}']/email\".format($name)\n$items = $root.xpath($query)",
        ),
        improved=(
            "$items = $root.xpath('//user[@name=\\x24who]', who=$name)",
            "$items = [item for item in $root.iter('user') if item.get('name') == $name]",
            "$items = []\nfor item in $root.findall('.//user'):\n    if item.get('name') == $name:\n        $items.append(item)",
        ),
    ),
    Scene(
        duty=(
            "It also checks the given login against the users of an XML file.",
            "The account passed in is looked for in an XML file of accounts.",
        ),
        inputs="$path $user",
        result="$flag",
        helper="check_login known_account login_exists",
        before="from lxml import etree\n$root = etree.parse($path, etree.XMLParser(resolve_entities=False))",
        naive=(
            "$flag = bool($root.xpath(f\"//account[login='{$user}']\"))",
            "$query = \"//account[login='%s' and not(@closed)]\" % $user.strip()\n$items = $root.xpath($query)\n$flag = len($items) == 1",
            '$flag = bool($root.xpath("//account[login=\'" + $user + "\']"))',
            "$flag = $root.xpath(\"count(//account[login='%s'])\" % $user) > 0",
            "$query = \"//account[login='{}']\".format($user)\n$flag = len($root.xpath($query)) == 1",
        ),
        improved=(
            "$flag = bool($root.xpath('//account[login=\\x24login]', login=$user))",
            "$query = etree.XPath('//account[login=\\x24given]')\n$flag = len($query($root, given=$user)) == 1",
            "$flag = any(item.findtext('login') == $user for item in $root.iter('account'))",
        ),
    ),
)

_LOG: Final = (
    r"""(log\w*|LOG\w*|logging)\.(info|warning|error|debug)\(f["'][^"']*\{(?!repr|clean)\w+\}""",
    r"""(log\w*|LOG\w*|logging)\.(info|warning|error|debug)\(["'].*["'] [+%] (?!repr|clean|.*replace).*""",
    r"""(log\w*|LOG\w*|logging)\.(info|warning|error|debug)\(["'].*["']\.format\((?!.*(repr|clean|replace)).*""",
    r"""\.(info|warning|error|debug)\(["'].*%s.*["'], \w+\)""",
)
_LOG_FEEDBACK: Final = (
    "The naive code writes given text into the log as it is in $mark; a line break in it forges further entries (log "
    "injection). The improved code neutralises line breaks first.",
    "Log injection: $mark in the naive code lets the given text contain line breaks. The improved code writes one "
    "line whatever the text holds.",
)
_LOGS: Final = (
    Scene(
        duty=(
            "It also writes a log line about the given user.",
            "An entry with the user passed in goes to the log.",
        ),
        inputs="$user",
        helper="log_login note_user record_access",
        before="import logging\n$log = logging.getLogger(__name__)",
        naive=(
            "$log.info(f'login of {$user}')",
            "if not isinstance($user, str):\n    $user = str($user)\n$log.info('login of %s' % $user)",
            "shown = $user.strip() or 'nobody'\n$log.warning('failed login of %s, further tries are counted', shown)",
            "$log.error('cannot log in {}, the name or the password is not known'.format($user))",
            "$log.warning('failed login of ' + $user)",
            "$log.info('login of %s' % $user)",
            "$log.info('login of %s', $user)",
            "$log.error('cannot log in {}'.format($user))",
        ),
        improved=(
            "$log.info('login of %r', $user)",
            "$log.info(f'login of {$user!r}')",
            "$log.warning('failed login of %s', $user.replace('\\r', '').replace('\\n', ''))",
            "cleaned = ''.join(char for char in $user if char.isprintable())\n$log.info('login of ' + repr(cleaned))",
        ),
    ),
    Scene(
        duty=(
            "Next to it stands a web view that logs the page it was asked for.",
            "The module also has a view that notes the reported problem in the log.",
        ),
        before="import logging\nfrom flask import Flask, request\n$app = Flask(__name__)\n$log = logging.getLogger('web')",
        naive=(
            "@$app.route('/$route')\ndef $view():\n    $value = request.args.get('page', '')\n    $log.info(f'asked for {$value}')\n    return 'noted'",
            "@$app.route('/$route')\ndef $view():\n    $value = request.args.get('page', '')\n    $log.info('asked for %s', $value)\n    return 'noted'",
            "@$app.route('/$route')\ndef $view():\n    $value = request.args.get('page', 'start').strip()\n    if not $value:\n        return ('nothing asked for', 400)\n    $log.info(f'asked for {$value}')\n    return 'noted'",
            "@$app.route('/$route')\ndef $view():\n    $log.info('asked for ' + request.args['page'])\n    return 'noted'",
            "@$app.route('/$route')\ndef $view():\n    $log.warning('asked for {}'.format(request.args.get('page')))\n    return 'noted'",
        ),
        improved=(
            "@$app.route('/$route')\ndef $view():\n    $value = request.args.get('page', '')\n    $log.info(f'asked for {$value!r}')\n    return 'noted'",
            "@$app.route('/$route')\ndef $view():\n    $value = request.args.get('page', '')\n    $log.info('asked for %r', $value)\n    return 'noted'",
            "@$app.route('/$route')\ndef $view():\n    $value = ' '.join(request.args['page'].splitlines())\n    $log.info('asked for %r', $value[:200])\n    return 'noted'",
        ),
    ),
)

OPERATORS: Final[tuple[Operator, ...]] = (
    template("html-unescaped", "CWE-79", "puts given text into HTML unescaped", _HTML, _HTML_FEEDBACK, _PAGES),
    template("html-marked-safe", "CWE-79", "declares given text safe markup", _SAFE, _SAFE_FEEDBACK, _MARKED),
    template(
        "template-from-text", "CWE-94", "uses given text as a template", _TEMPLATE, _TEMPLATE_FEEDBACK, _TEMPLATES
    ),
    template("ldap-filter", "CWE-90", "formats values into an LDAP filter", _LDAP, _LDAP_FEEDBACK, _DIRECTORY),
    template("xpath-formatted", "CWE-643", "formats values into XPath", _XPATH, _XPATH_FEEDBACK, _XML_QUERIES),
    template("log-injection", "CWE-117", "logs given text with its line breaks", _LOG, _LOG_FEEDBACK, _LOGS),
)
