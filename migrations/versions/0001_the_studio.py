"""The studio: projects, works, drafts, revisions, parents, picks, generations, assets, workers."""

import sqlalchemy as sa
from alembic import op

from app.storage.db import JSON, Moment, now, uuid7

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table('artists',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('created_at', Moment(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_artists')),
    sa.UniqueConstraint('name', name=op.f('uq_artists_name'))
    )
    op.create_table('assets',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('media_type', sa.String(length=80), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('width', sa.Integer(), nullable=True),
    sa.Column('height', sa.Integer(), nullable=True),
    sa.Column('duration', sa.Double(), nullable=True),
    sa.Column('colour', sa.String(length=7), nullable=False),
    sa.Column('created_at', Moment(), nullable=False),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_assets'))
    )
    op.create_table('workers',
    sa.Column('id', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('device', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('generation_id', sa.Uuid(), nullable=True),
    sa.Column('facts', JSON, nullable=False),
    sa.Column('started_at', Moment(), nullable=False),
    sa.Column('seen_at', Moment(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workers'))
    )
    op.create_table('projects',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('created_at', Moment(), nullable=False),
    sa.Column('trashed_at', Moment(), nullable=True),
    sa.ForeignKeyConstraint(['owner_id'], ['artists.id'], name=op.f('fk_projects_owner_id_artists')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_projects'))
    )
    op.create_index(op.f('ix_projects_owner_id'), 'projects', ['owner_id'], unique=False)

    op.create_table('works',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('medium', sa.String(length=10), nullable=False),
    sa.Column('created_at', Moment(), nullable=False),
    sa.Column('touched_at', Moment(), nullable=False),
    sa.Column('trashed_at', Moment(), nullable=True),
    sa.Column('last_number', sa.Integer(), nullable=False),
    sa.Column('cover_id', sa.Uuid(), nullable=True),
    sa.Column('words', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_works_project_id_projects')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_works'))
    )
    op.create_index('ix_works_trash', 'works', ['trashed_at'], unique=False)
    op.create_index('ix_works_wall', 'works', ['project_id', 'trashed_at', 'id'], unique=False)

    op.create_table('generations',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('work_id', sa.Uuid(), nullable=False),
    sa.Column('artist_id', sa.Uuid(), nullable=False),
    sa.Column('verb', sa.String(length=12), nullable=False),
    sa.Column('strength', sa.String(length=8), nullable=True),
    sa.Column('brief', JSON, nullable=False),
    sa.Column('engine', sa.String(length=40), nullable=False),
    sa.Column('params', JSON, nullable=False),
    sa.Column('seed', sa.BigInteger(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('priority', sa.BigInteger(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('worker_id', sa.String(length=80), nullable=True),
    sa.Column('error', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('idempotency_key', sa.String(length=200), nullable=True),
    sa.Column('idempotency_digest', sa.String(length=64), nullable=True),
    sa.Column('created_at', Moment(), nullable=False),
    sa.Column('started_at', Moment(), nullable=True),
    sa.Column('finished_at', Moment(), nullable=True),
    sa.ForeignKeyConstraint(['artist_id'], ['artists.id'], name=op.f('fk_generations_artist_id_artists')),
    sa.ForeignKeyConstraint(['work_id'], ['works.id'], name=op.f('fk_generations_work_id_works')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_generations')),
    sa.UniqueConstraint('artist_id', 'idempotency_key', name=op.f('uq_generations_artist_id_idempotency_key'))
    )
    op.create_index('ix_generations_status', 'generations', ['status', 'priority', 'id'], unique=False)
    op.create_index('ix_generations_work', 'generations', ['work_id', 'id'], unique=False)

    op.create_table('revisions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('work_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=8), nullable=False),
    sa.Column('verb', sa.String(length=12), nullable=True),
    sa.Column('strength', sa.String(length=8), nullable=True),
    sa.Column('brief', JSON, nullable=False),
    sa.Column('engine', sa.String(length=40), nullable=True),
    sa.Column('params', JSON, nullable=False),
    sa.Column('seed', sa.BigInteger(), nullable=True),
    sa.Column('facts', JSON, nullable=False),
    sa.Column('asset_id', sa.String(length=64), nullable=True),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('generation_id', sa.Uuid(), nullable=True),
    sa.Column('index', sa.Integer(), nullable=True),
    sa.Column('created_at', Moment(), nullable=False),
    sa.Column('created_by_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['asset_id'], ['assets.sha256'], name=op.f('fk_revisions_asset_id_assets')),
    sa.ForeignKeyConstraint(['created_by_id'], ['artists.id'], name=op.f('fk_revisions_created_by_id_artists')),
    sa.ForeignKeyConstraint(['generation_id'], ['generations.id'], name=op.f('fk_revisions_generation_id_generations')),
    sa.ForeignKeyConstraint(['work_id'], ['works.id'], name=op.f('fk_revisions_work_id_works')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_revisions')),
    sa.UniqueConstraint('generation_id', 'index', name=op.f('uq_revisions_generation_id_index')),
    sa.UniqueConstraint('work_id', 'number', name=op.f('uq_revisions_work_id_number'))
    )
    op.create_index(op.f('ix_revisions_asset_id'), 'revisions', ['asset_id'], unique=False)

    op.create_table('drafts',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('work_id', sa.Uuid(), nullable=False),
    sa.Column('artist_id', sa.Uuid(), nullable=False),
    sa.Column('base_id', sa.Uuid(), nullable=True),
    sa.Column('updated_at', Moment(), nullable=False),
    sa.Column('brief', JSON, nullable=False),
    sa.Column('engine', sa.String(length=40), nullable=True),
    sa.Column('params', JSON, nullable=False),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('seed', sa.BigInteger(), nullable=True),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['artist_id'], ['artists.id'], name=op.f('fk_drafts_artist_id_artists')),
    sa.ForeignKeyConstraint(['base_id'], ['revisions.id'], name=op.f('fk_drafts_base_id_revisions')),
    sa.ForeignKeyConstraint(['work_id'], ['works.id'], name=op.f('fk_drafts_work_id_works')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_drafts')),
    sa.UniqueConstraint('work_id', 'artist_id', name=op.f('uq_drafts_work_id_artist_id'))
    )
    op.create_table('generation_parents',
    sa.Column('generation_id', sa.Uuid(), nullable=False),
    sa.Column('revision_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.String(length=12), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['generation_id'], ['generations.id'], name=op.f('fk_generation_parents_generation_id_generations')),
    sa.ForeignKeyConstraint(['revision_id'], ['revisions.id'], name=op.f('fk_generation_parents_revision_id_revisions')),
    sa.PrimaryKeyConstraint('generation_id', 'revision_id', 'role', name=op.f('pk_generation_parents'))
    )
    op.create_table('parents',
    sa.Column('child_id', sa.Uuid(), nullable=False),
    sa.Column('parent_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.String(length=12), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['child_id'], ['revisions.id'], name=op.f('fk_parents_child_id_revisions')),
    sa.ForeignKeyConstraint(['parent_id'], ['revisions.id'], name=op.f('fk_parents_parent_id_revisions')),
    sa.PrimaryKeyConstraint('child_id', 'parent_id', 'role', name=op.f('pk_parents'))
    )
    op.create_index(op.f('ix_parents_parent_id'), 'parents', ['parent_id'], unique=False)

    op.create_table('picks',
    sa.Column('revision_id', sa.Uuid(), nullable=False),
    sa.Column('artist_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', Moment(), nullable=False),
    sa.ForeignKeyConstraint(['artist_id'], ['artists.id'], name=op.f('fk_picks_artist_id_artists')),
    sa.ForeignKeyConstraint(['revision_id'], ['revisions.id'], name=op.f('fk_picks_revision_id_revisions')),
    sa.PrimaryKeyConstraint('revision_id', 'artist_id', name=op.f('pk_picks'))
    )
    op.create_table('draft_saves',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('draft_id', sa.Uuid(), nullable=False),
    sa.Column('base_id', sa.Uuid(), nullable=True),
    sa.Column('written_at', Moment(), nullable=False),
    sa.Column('saved_at', Moment(), nullable=False),
    sa.Column('brief', JSON, nullable=False),
    sa.Column('engine', sa.String(length=40), nullable=True),
    sa.Column('params', JSON, nullable=False),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('seed', sa.BigInteger(), nullable=True),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['base_id'], ['revisions.id'], name=op.f('fk_draft_saves_base_id_revisions')),
    sa.ForeignKeyConstraint(['draft_id'], ['drafts.id'], name=op.f('fk_draft_saves_draft_id_drafts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft_saves'))
    )
    op.create_index(op.f('ix_draft_saves_draft_id'), 'draft_saves', ['draft_id'], unique=False)
    # One local artist until accounts come.
    artists = sa.table("artists", sa.column("id", sa.Uuid()), sa.column("name", sa.String()), sa.column("created_at", Moment()))
    op.bulk_insert(artists, [{"id": uuid7(), "name": "local", "created_at": now()}])


def downgrade() -> None:
    op.drop_index(op.f('ix_draft_saves_draft_id'))

    op.drop_table('draft_saves')
    op.drop_table('picks')
    op.drop_index(op.f('ix_parents_parent_id'))

    op.drop_table('parents')
    op.drop_table('generation_parents')
    op.drop_table('drafts')
    op.drop_index(op.f('ix_revisions_asset_id'))

    op.drop_table('revisions')
    op.drop_index('ix_generations_work')
    op.drop_index('ix_generations_status')

    op.drop_table('generations')
    op.drop_index('ix_works_wall')
    op.drop_index('ix_works_trash')

    op.drop_table('works')
    op.drop_index(op.f('ix_projects_owner_id'))

    op.drop_table('projects')
    op.drop_table('workers')
    op.drop_table('assets')
    op.drop_table('artists')
