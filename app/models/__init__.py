"""The nouns of the studio. Importing this package knows every table."""

from app.brief import Medium
from app.models.account import Account, Invitation, SignIn
from app.models.act import Act, ActKind
from app.models.artist import Artist
from app.models.asset import Asset
from app.models.attempt import Attempt
from app.models.comment import Comment, Resolution
from app.models.draft import Draft, DraftSave
from app.models.edge import Parent, Role
from app.models.generation import Generation, GenerationParent, Status
from app.models.identity import Identity
from app.models.judgement import Embedding, JudgeVersion, Verdict
from app.models.likelihood import Reading
from app.models.mask import Mask
from app.models.membership import Membership, ProjectRole
from app.models.mended import Mended
from app.models.pick import Pick
from app.models.preset import Preset
from app.models.project import Project
from app.models.query_image import Probe
from app.models.revision import Origin, Revision
from app.models.share_link import ShareLink
from app.models.sharing import ProjectInvitation
from app.models.style import Checkpoint, Style, StylePicture
from app.models.transcript import Transcript
from app.models.word_list import WordList
from app.models.work import Work
from app.models.worker import Worker

__all__ = [
    "Account",
    "Act",
    "ActKind",
    "Artist",
    "Asset",
    "Attempt",
    "Checkpoint",
    "Comment",
    "Draft",
    "DraftSave",
    "Embedding",
    "Generation",
    "GenerationParent",
    "Identity",
    "Invitation",
    "JudgeVersion",
    "Mask",
    "Medium",
    "Membership",
    "Mended",
    "Origin",
    "Parent",
    "Pick",
    "Preset",
    "Probe",
    "Project",
    "ProjectInvitation",
    "ProjectRole",
    "Reading",
    "Resolution",
    "Revision",
    "Role",
    "ShareLink",
    "SignIn",
    "Status",
    "Style",
    "StylePicture",
    "Transcript",
    "Verdict",
    "WordList",
    "Work",
    "Worker",
]
